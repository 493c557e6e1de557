#include "storage/objects/object_store.hpp"

#include <algorithm>

#include "protocol/json.hpp"
#include "storage/objects/unfinished_name.hpp"

namespace farshore::storage {

namespace {

constexpr std::size_t key_limit = 1024;
constexpr std::size_t component_limit = 255;

bool is_printable_utf8(std::string_view text) {
    return is_valid_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
               return (c >= 0 && c < ' ') || c == '\x7F';
           });
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
