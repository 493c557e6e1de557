#pragma once
// The answer of GET /v1/lag as people read it.

#include <boost/json/value.hpp>
#include <string>

namespace farshore::commands {

// Several aligned lines.
[[nodiscard]] std::string lag_text(const boost::json::value& lag);
// One line, for --watch.
[[nodiscard]] std::string lag_line(const boost::json::value& lag);

}  // namespace farshore::commands
