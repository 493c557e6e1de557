#pragma once
// HOST:PORT as configs have it.

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace farshore::connection {

struct Address {
    std::string host;  // a name or an address, without brackets
    std::uint16_t port = 0;

    bool operator==(const Address&) const = default;
    [[nodiscard]] std::string str() const;
};

// "host:7450", "192.0.2.1:7450", "[2001:db8::1]:7450"; Error(bad_config) otherwise. Port 0 lets the
// kernel choose one when listening.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

}  // namespace farshore::connection
