#pragma once
// JSON as the socket and the commands print it: members in the order they were put in, numbers as
// people write them (0.84, not 8.4E-1).

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::control {

// Bytes of a string that are not UTF-8 are written as the text \xNN.
[[nodiscard]] std::string json_text(const boost::json::value& value);

// What is not known is null.
[[nodiscard]] inline boost::json::value or_null(const std::optional<double>& value) {
    return value ? boost::json::value(*value) : boost::json::value(nullptr);
}
[[nodiscard]] inline boost::json::value or_null(const std::optional<std::uint64_t>& value) {
    return value ? boost::json::value(*value) : boost::json::value(nullptr);
}
[[nodiscard]] inline boost::json::value or_null(const std::optional<std::int64_t>& value) {
    return value ? boost::json::value(*value) : boost::json::value(nullptr);
}
[[nodiscard]] inline boost::json::value or_null(const std::optional<std::string>& value) {
    return value ? boost::json::value(*value) : boost::json::value(nullptr);
}
[[nodiscard]] inline boost::json::value or_null(const std::optional<Timestamp>& value) {
    return value ? boost::json::value(to_rfc3339(*value)) : boost::json::value(nullptr);
}
[[nodiscard]] inline boost::json::value or_null(const std::optional<Lsn>& value) {
    return value ? boost::json::value(to_string(*value)) : boost::json::value(nullptr);
}
template <typename Tag>
[[nodiscard]] boost::json::value or_null(const std::optional<Number<Tag>>& value) {
    return value ? boost::json::value(value->value()) : boost::json::value(nullptr);
}

// {"error": {"code": "NOT_FOUND", "message": "...", "hint": "..."}}; no hint when there is none.
[[nodiscard]] boost::json::value error_json(const Error& error);
// The Error that such a value stands for; null when it is not one.
[[nodiscard]] std::optional<Error> error_from_json(const boost::json::value& value);

}  // namespace farshore::control
