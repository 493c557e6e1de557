#include "agent/config/quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace farshore::config {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::array<Unit, 5> duration_units{{{"ms", 1'000'000},
                                              {"s", second},
                                              {"m", 60 * second},
                                              {"h", 3'600 * second},
                                              {"d", 86'400 * second}}};
constexpr std::array<Unit, 9> size_units{{{"B", 1},
                                          {"KiB", 1ULL << 10},
                                          {"MiB", 1ULL << 20},
                                          {"GiB", 1ULL << 30},
                                          {"TiB", 1ULL << 40},
                                          {"kB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"TB", 1'000'000'000'000}}};

// The amount in the smallest unit; null when text is not number and unit, or above `most`.
template <typename Units>
std::optional<std::uint64_t> parse_amount(std::string_view text, const Units& units,
                                          std::uint64_t most) {
    std::uint64_t number = 0;
    const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{}) {
        return std::nullopt;
    }
    const auto name = text.substr(static_cast<std::size_t>(rest - text.data()));
    const auto unit = std::find_if(units.begin(), units.end(),
                                   [&](const Unit& candidate) { return candidate.name == name; });
    if (unit == units.end() || number > most / unit->factor) {
        return std::nullopt;
    }
    return number * unit->factor;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    constexpr std::uint64_t century = 36'525ULL * 86'400 * second;
    const auto nanoseconds = parse_amount(text, duration_units, century);
    if (!nanoseconds) {
        return std::nullopt;
    }
    return Duration{static_cast<std::int64_t>(*nanoseconds)};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    return parse_amount(text, size_units, std::numeric_limits<std::int64_t>::max());
}

std::optional<DeleteGuard> parse_delete_guard(std::string_view text) {
    DeleteGuard guard;
    const char* end = text.data() + text.size();
    if (!text.empty() && text.back() == '%') {
        double percent = 0;
        const auto [rest, failure] = std::from_chars(text.data(), end - 1, percent);
        if (failure != std::errc{} || rest != end - 1 || !(percent >= 0 && percent <= 100)) {
            return std::nullopt;
        }
        guard.share = percent / 100;
        return guard;
    }
    std::uint64_t count = 0;
    const auto [rest, failure] = std::from_chars(text.data(), end, count);
    if (failure != std::errc{} || rest != end) {
        return std::nullopt;
    }
    guard.count = count;
    return guard;
}

std::optional<HostPort> parse_host_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return std::nullopt;
    }
    HostPort result;
    std::string_view host = text.substr(0, colon);
    const bool brackets = host.front() == '[' && host.back() == ']' && host.size() > 2;
    if (brackets) {
        host = host.substr(1, host.size() - 2);
    }
    const bool has_colon = host.find(':') != std::string_view::npos;
    if (has_colon != brackets || host.find_first_of("[]/ \t") != std::string_view::npos) {
        return std::nullopt;
    }
    result.host = host;
    const std::string_view port = text.substr(colon + 1);
    const auto [rest, failure] =
        std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (failure != std::errc{} || rest != port.data() + port.size() || result.port == 0) {
        return std::nullopt;
    }
    return result;
}

}  // namespace farshore::config
