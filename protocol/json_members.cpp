#include "protocol/json_members.hpp"

#include <algorithm>
#include <charconv>

#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/json.hpp"

namespace farshore {

namespace {

std::string_view view(const boost::json::string& text) {
    return {text.data(), text.size()};
}

boost::json::string_view boost_view(std::string_view text) {
    return {text.data(), text.size()};
}

std::optional<std::uint64_t> read_decimal(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.front() == '0') {
        return std::nullopt;
    }
    return value > greatest_json_integer ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> read_json_integer(const boost::json::value& value) {
    if (value.is_string()) {
        return read_decimal(view(value.get_string()));
    }
    if (value.is_int64() && value.get_int64() >= 0 &&
        static_cast<std::uint64_t>(value.get_int64()) <= greatest_json_integer) {
        return static_cast<std::uint64_t>(value.get_int64());
    }
    return std::nullopt;
}

JsonMembers::JsonMembers(std::string what, const boost::json::value& value)
    : what_(std::move(what)), object_(value.if_object()) {
    if (object_ == nullptr) {
        throw Error(ErrorCode::malformed, what_ + ": not a JSON object");
    }
}

void JsonMembers::fail(std::string_view name, std::string_view why) const {
    throw Error(ErrorCode::malformed,
                what_ + ": member " + std::string(name) + " " + std::string(why));
}

const boost::json::value* JsonMembers::if_there(std::string_view name) {
    const auto found = object_->find(boost_view(name));
    if (found == object_->end()) {
        return nullptr;
    }
    asked_.emplace_back(found->key().data(), found->key().size());
    return &found->value();
}

const boost::json::value& JsonMembers::any(std::string_view name) {
    const boost::json::value* value = if_there(name);
    if (value == nullptr) {
        fail(name, "is missing");
    }
    return *value;
}

std::string JsonMembers::string(std::string_view name) {
    const boost::json::value& value = any(name);
    if (!value.is_string()) {
        fail(name, "is not a string");
    }
    return std::string(view(value.get_string()));
}

bool JsonMembers::boolean(std::string_view name) {
    const boost::json::value& value = any(name);
    if (!value.is_bool()) {
        fail(name, "is neither true nor false");
    }
    return value.get_bool();
}

std::uint64_t JsonMembers::integer(std::string_view name) {
    const std::optional<std::uint64_t> value = read_json_integer(any(name));
    if (!value) {
        fail(name, "is not a whole number");
    }
    return *value;
}

double JsonMembers::number(std::string_view name) {
    const boost::json::value& value = any(name);
    if (!value.is_number()) {
        fail(name, "is not a number");
    }
    return value.to_number<double>();
}

std::optional<double> JsonMembers::number_or_null(std::string_view name) {
    const boost::json::value& value = any(name);
    if (value.is_null()) {
        return std::nullopt;
    }
    if (!value.is_number()) {
        fail(name, "is neither a number nor null");
    }
    return value.to_number<double>();
}

Digest JsonMembers::digest(std::string_view name) {
    const std::optional<Digest> value = digest_or_null(name);
    if (!value) {
        fail(name, "is null");
    }
    return *value;
}

std::optional<Digest> JsonMembers::digest_or_null(std::string_view name) {
    const boost::json::value& value = any(name);
    if (value.is_null()) {
        return std::nullopt;
    }
    const std::optional<Digest> digest =
        value.is_string() ? Digest::from_prefixed(view(value.get_string())) : std::nullopt;
    if (!digest) {
        fail(name, "is not a digest");
    }
    return digest;
}

Timestamp JsonMembers::time(std::string_view name) {
    const std::optional<Timestamp> value = time_or_null(name);
    if (!value) {
        fail(name, "is null");
    }
    return *value;
}

std::optional<Timestamp> JsonMembers::time_or_null(std::string_view name) {
    const boost::json::value& value = any(name);
    if (value.is_null()) {
        return std::nullopt;
    }
    const std::optional<Timestamp> time =
        value.is_string() ? parse_rfc3339(view(value.get_string())) : std::nullopt;
    if (!time || to_rfc3339(*time) != view(value.get_string())) {
        fail(name, "is not a time");
    }
    return time;
}

const boost::json::array& JsonMembers::array(std::string_view name) {
    const boost::json::value& value = any(name);
    if (!value.is_array()) {
        fail(name, "is not an array");
    }
    return value.get_array();
}

const boost::json::object& JsonMembers::object(std::string_view name) {
    const boost::json::value& value = any(name);
    if (!value.is_object()) {
        fail(name, "is not an object");
    }
    return value.get_object();
}

std::string JsonMembers::checked_name(std::string_view member) {
    std::string text = string(member);
    if (!is_valid_name(text)) {
        fail(member, "is not a valid name");
    }
    return text;
}

void JsonMembers::finish() const {
    if (asked_.size() == object_->size()) {
        return;
    }
    for (const auto& [key, value] : *object_) {
        const std::string_view name(key.data(), key.size());
        if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) {
            fail("\"" + std::string(name) + "\"", "is unknown");
        }
    }
}

}  // namespace farshore
