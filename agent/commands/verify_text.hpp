#pragma once
// The outcome of verify as people read it, from the JSON of a VerifyReport.

#include <boost/json/value.hpp>
#include <string>

namespace farshore::commands {

[[nodiscard]] std::string verify_text(const boost::json::value& report);

}  // namespace farshore::commands
