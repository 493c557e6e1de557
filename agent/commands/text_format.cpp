#include "agent/commands/text_format.hpp"

#include <fmt/core.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <cstdint>

#include "agent/runtime/log.hpp"

namespace farshore::commands {

namespace json = boost::json;

const json::value& member(const json::value& object, std::string_view key) {
    static const json::value nothing(nullptr);
    const json::object* inner = object.if_object();
    const json::value* found = inner == nullptr ? nullptr : inner->if_contains(key);
    return found == nullptr ? nothing : *found;
}

std::optional<double> number(const json::value& object, std::string_view key) {
    const json::value& found = member(object, key);
    if (!found.is_number()) {
        return std::nullopt;
    }
    return found.to_number<double>();
}

std::string text(const json::value& object, std::string_view key) {
    const json::value& found = member(object, key);
    if (const auto* string = found.if_string()) {
        return log::visible(std::string_view(*string));
    }
    if (const auto value = number(object, key)) {
        return fmt::format("{}", *value);
    }
    return "-";
}

const json::array& list(const json::value& object, std::string_view key) {
    static const json::array nothing;
    const json::array* found = member(object, key).if_array();
    return found == nullptr ? nothing : *found;
}

std::string seconds_text(std::optional<double> seconds) {
    if (!seconds) {
        return "unknown";
    }
    const double value = *seconds;
    if (value < 0) {
        return fmt::format("{:.3g} s", value);
    }
    if (value < 0.1) {
        return fmt::format("{:.3g} ms", value * 1'000);
    }
    if (value < 100) {
        return fmt::format("{:.2f} s", value);
    }
    const auto whole = static_cast<std::uint64_t>(value);
    if (whole < 2UL * 3'600) {
        return fmt::format("{} min {} s", whole / 60, whole % 60);
    }
    if (whole < 2UL * 86'400) {
        return fmt::format("{} h {} min", whole / 3'600, whole % 3'600 / 60);
    }
    return fmt::format("{} d {} h", whole / 86'400, whole % 86'400 / 3'600);
}

std::string bytes_text(std::optional<double> bytes) {
    if (!bytes) {
        return "unknown";
    }
    constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB"};
    double value = *bytes;
    std::size_t unit = 0;
    while (std::abs(value) >= 999.95 && unit + 1 < units.size()) {
        value /= 1'000;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f} B", value)
                     : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string count_text(std::optional<double> count, std::string_view one, std::string_view many) {
    if (!count) {
        return fmt::format("unknown {}", many);
    }
    return fmt::format("{:.0f} {}", *count, *count == 1 ? one : many);
}

std::string time_text(const std::string& rfc3339) {
    if (rfc3339.size() < 20 || rfc3339[10] != 'T') {
        return rfc3339;
    }
    return rfc3339.substr(0, 10) + " " + rfc3339.substr(11, 8) + "Z";
}

}  // namespace farshore::commands
