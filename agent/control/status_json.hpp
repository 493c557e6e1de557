#pragma once
// StatusReport -> the JSON of GET /v1/status.

#include <boost/json/value.hpp>

#include "agent/control/status_report.hpp"

namespace farshore::control {

[[nodiscard]] boost::json::value to_json(const StatusReport& report);

}  // namespace farshore::control
