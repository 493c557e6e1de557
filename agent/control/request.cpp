#include "agent/control/request.hpp"

#include <fmt/core.h>

#include <charconv>

namespace farshore::control {

namespace {

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result.push_back(text[i] == '+' ? ' ' : text[i]);
            continue;
        }
        unsigned byte = 0;
        if (i + 2 >= text.size()) {
            return std::nullopt;
        }
        const char* end = text.data() + i + 3;
        const auto [rest, failure] = std::from_chars(text.data() + i + 1, end, byte, 16);
        if (failure != std::errc{} || rest != end) {
            return std::nullopt;
        }
        result.push_back(static_cast<char>(byte));
        i += 2;
    }
    return result;
}

}  // namespace

std::optional<std::string> Request::parameter(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> Request::parameters(const std::string& name) const {
    std::vector<std::string> values;
    const auto [first, last] = query.equal_range(name);
    for (auto it = first; it != last; ++it) {
        values.push_back(it->second);
    }
    return values;
}

bool Request::flag(const std::string& name) const {
    const auto value = parameter(name);
    return value && *value != "0" && *value != "false";
}

bool parse_target(std::string_view target, Request& request) {
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    request.query.clear();
    std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
        const auto equals = pair.find('=');
        const auto key = percent_decoded(pair.substr(0, equals));
        const auto value = percent_decoded(
            equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
        if (!key || !value) {
            return false;
        }
        request.query.emplace(*key, *value);
    }
    return request.path.starts_with('/');
}

std::string percent_encoded(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        result += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return result;
}

}  // namespace farshore::control
