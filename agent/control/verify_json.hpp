#pragma once
// VerifyReport and VerifyProgress <-> JSON of POST /v1/verify.

#include <boost/json/value.hpp>

#include "agent/verification/report.hpp"

namespace farshore::control {

[[nodiscard]] boost::json::value to_json(const verification::VerifyReport& report);
[[nodiscard]] boost::json::value to_json(const verification::VerifyProgress& progress);

}  // namespace farshore::control
