#pragma once
// Log lines to standard error: with the journal's level prefixes when standard error is the
// journal, else with the UTC time. One line for each change of state; quiet when all is well.
//
//   log::info("session with {} opened: {} lanes", peer.str(), count);

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace farshore::log {

enum class Level : std::uint8_t { debug, info, warning, error, off };

// Lines below this level are dropped; info until told otherwise.
void set_level(Level level);
[[nodiscard]] bool is_enabled(Level level);
// Writes one line; control characters in it are written as \xNN, so a peer cannot forge lines.
void write(Level level, std::string_view text);

template <typename... Arguments>
void debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (is_enabled(Level::debug)) {
        write(Level::debug, fmt::format(format, std::forward<Arguments>(arguments)...));
    }
}
template <typename... Arguments>
void info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (is_enabled(Level::info)) {
        write(Level::info, fmt::format(format, std::forward<Arguments>(arguments)...));
    }
}
template <typename... Arguments>
void warning(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (is_enabled(Level::warning)) {
        write(Level::warning, fmt::format(format, std::forward<Arguments>(arguments)...));
    }
}
template <typename... Arguments>
void error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (is_enabled(Level::error)) {
        write(Level::error, fmt::format(format, std::forward<Arguments>(arguments)...));
    }
}

// The line as it is written: its control characters made visible.
[[nodiscard]] std::string visible(std::string_view text);

}  // namespace farshore::log
