#include "storage/objects/object_store.hpp"

#include "storage/objects/unfinished_name.hpp"

namespace farshore::storage {

namespace {

constexpr std::size_t key_limit = 1024;
constexpr std::size_t component_limit = 255;

bool is_continuation(unsigned char byte) {
    return (byte & 0xC0U) == 0x80U;
}

// The length of the UTF-8 character at the start of `text`; 0 when there is none: overlong forms,
// surrogates and what lies beyond U+10FFFF are none.
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = at(0);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(at(i))) {
            return 0;
        }
    }
    const unsigned char second = at(1);
    const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                       (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
    return wrong ? 0 : length;
}

bool is_printable_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text[0]);
        const std::size_t length = utf8_length(text);
        if (length == 0 || first < 0x20 || first == 0x7F) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

bool is_valid_component(std::string_view component) {
    return !component.empty() && component.size() <= component_limit && component != "." &&
           component != ".." && !is_unfinished_name(component);
}

}  // namespace

bool is_valid_object_key(std::string_view key) {
    if (key.size() > key_limit || !is_printable_utf8(key)) {
        return false;
    }
    while (true) {
        const std::size_t slash = key.find('/');
        if (!is_valid_component(key.substr(0, slash))) {
            return false;
        }
        if (slash == std::string_view::npos) {
            return true;
        }
        key.remove_prefix(slash + 1);
    }
}

void require_valid_object_key(std::string_view key) {
    if (!is_valid_object_key(key)) {
        throw Error(ErrorCode::bad_name, "not a key that a store can hold: \"" +
                                             std::string(key.substr(0, key_limit)) + "\"");
    }
}

}  // namespace farshore::storage
