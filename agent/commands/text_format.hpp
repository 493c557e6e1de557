#pragma once
// Figures as people read them, and how they are taken out of the agent's JSON.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace farshore::commands {

// The member, or null (as a value) when it is not there.
[[nodiscard]] const boost::json::value& member(const boost::json::value& object,
                                               std::string_view key);
[[nodiscard]] std::optional<double> number(const boost::json::value& object, std::string_view key);
// "-" when it is null or not there. Control characters are made visible: the names of files are
// anybody's, and must neither begin a line nor speak to the terminal.
[[nodiscard]] std::string text(const boost::json::value& object, std::string_view key);
[[nodiscard]] const boost::json::array& list(const boost::json::value& object,
                                             std::string_view key);

// "0.84 s", "12 ms", "3 min 20 s", "2 d 4 h"; "unknown" for null.
[[nodiscard]] std::string seconds_text(std::optional<double> seconds);
// "0 B", "12.3 MB"; "unknown" for null.
[[nodiscard]] std::string bytes_text(std::optional<double> bytes);
// "1 file", "3 files"; "unknown files" for null.
[[nodiscard]] std::string count_text(std::optional<double> count, std::string_view one,
                                     std::string_view many);
// "2026-11-22 18:44:49Z" from RFC 3339; "-" stays.
[[nodiscard]] std::string time_text(const std::string& rfc3339);

}  // namespace farshore::commands
