#include "protocol/identifiers.hpp"

#include <array>
#include <cstdio>

#include "protocol/error.hpp"

namespace farshore {

namespace {

bool is_alphanumeric(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool parse_hex32(std::string_view text, std::uint64_t& value) {
    if (text.empty() || text.size() > 8) {
        return false;
    }
    value = 0;
    for (char c : text) {
        std::uint64_t digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<std::uint64_t>(c - '0');
        } else if (c >= 'A' && c <= 'F') {
            digit = static_cast<std::uint64_t>(c - 'A') + 10;
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<std::uint64_t>(c - 'a') + 10;
        } else {
            return false;
        }
        value = value * 16 + digit;
    }
    return true;
}

}  // namespace

std::string to_string(Lsn lsn) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%X/%X", static_cast<unsigned>(lsn.value() >> 32),
                  static_cast<unsigned>(lsn.value() & 0xffffffffU));
    return text.data();
}

bool parse_lsn(std::string_view text, Lsn& lsn) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return false;
    }
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    if (!parse_hex32(text.substr(0, slash), high) || !parse_hex32(text.substr(slash + 1), low)) {
        return false;
    }
    lsn = Lsn((high << 32) | low);
    return true;
}

bool is_valid_name(std::string_view text) {
    if (text.empty() || text.size() > 63 || !is_alphanumeric(text.front())) {
        return false;
    }
    for (char c : text) {
        if (!is_alphanumeric(c) && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

void require_valid_name(std::string_view what, std::string_view text) {
    if (!is_valid_name(text)) {
        throw Error(ErrorCode::bad_name, std::string(what) + " name \"" + std::string(text) +
                                             "\" must match [A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    }
}

}  // namespace farshore
