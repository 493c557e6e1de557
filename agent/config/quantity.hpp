#pragma once
// The texts that stand for amounts in the config: "500ms", "64KiB", "25%".

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/config/config.hpp"
#include "protocol/time.hpp"

namespace farshore::config {

// A whole number and one of ms, s, m, h, d. Null when it is not that, or over 100 years.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
// A whole number and one of B, KiB, MiB, GiB, TiB (powers of 1024), kB, MB, GB, TB (of 1000). Null
// when it is not that, or over 2^63.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
// A share "25%" (0 to 100, with decimals) or a number of entries "500".
[[nodiscard]] std::optional<DeleteGuard> parse_delete_guard(std::string_view text);

// HOST:PORT, [IPV6]:PORT.
struct HostPort {
    std::string host;  // without brackets
    std::uint16_t port = 0;
};
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace farshore::config
