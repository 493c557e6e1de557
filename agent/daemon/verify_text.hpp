#pragma once
// A verification's request and report as JSON between the agents.

#include <string>

#include "agent/verification/report.hpp"

namespace farshore::daemon {

[[nodiscard]] std::string request_to_text(const verification::VerifyRequest& request);
// Both throw Error(malformed).
[[nodiscard]] verification::VerifyRequest request_from_text(const std::string& text);
[[nodiscard]] std::string report_to_text(const verification::VerifyReport& report);
[[nodiscard]] verification::VerifyReport report_from_text(const std::string& text);

}  // namespace farshore::daemon
