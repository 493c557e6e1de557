#include "agent/connection/address.hpp"

#include <charconv>

namespace farshore::connection {

std::string Address::str() const {
    const bool brackets = host.find(':') != std::string::npos;
    return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
    const Error refusal(ErrorCode::bad_config,
                        "\"" + std::string(text) + "\" is not of the form HOST:PORT");
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return refusal;
    }
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    if (!bracketed && host.find_first_of(":[]") != std::string_view::npos) {
        return refusal;
    }
    Address address{std::string(host), 0};
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size()) {
        return refusal;
    }
    return address;
}

}  // namespace farshore::connection
