#pragma once
// LagReport -> the JSON of GET /v1/lag.

#include <boost/json/value.hpp>

#include "agent/control/lag_report.hpp"

namespace farshore::control {

[[nodiscard]] boost::json::value to_json(const LagReport& report);

}  // namespace farshore::control
