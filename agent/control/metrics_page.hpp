#pragma once
// GET /metrics: Prometheus' text form, from the same figures as lag and status.

#include <string>
#include <vector>

#include "agent/control/agent_api.hpp"

namespace farshore::control {

[[nodiscard]] std::string metrics_page(const StatusReport& status, const std::vector<Metric>& more);

}  // namespace farshore::control
