#include "agent/control/json_text.hpp"

#include <fmt/core.h>

#include <cmath>

#include "protocol/json.hpp"

namespace farshore::control {

namespace json = boost::json;

namespace {

// Length of the valid UTF-8 sequence that begins `text`; 0 when none does.
std::size_t sequence_length(std::string_view text) {
    for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
        if (is_valid_utf8(text.substr(0, length))) {
            return length;
        }
    }
    return 0;
}

std::string as_utf8(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return result;
}

void append_text(std::string& out, std::string_view text) {
    append_json_string(out, is_valid_utf8(text) ? std::string(text) : as_utf8(text));
}

// Figures are durations, and those come in nanoseconds: what is behind them is the conversion's
// noise (30.000000000000004).
double rounded(double value) {
    return std::abs(value) < 1e6 ? std::round(value * 1e9) / 1e9 : value;
}

void append(std::string& out, const json::value& value);

void append_object(std::string& out, const json::object& object) {
    out.push_back('{');
    bool first = true;
    for (const auto& [key, member] : object) {
        out += first ? "" : ", ";
        first = false;
        append_text(out, key);
        out += ": ";
        append(out, member);
    }
    out.push_back('}');
}

void append_array(std::string& out, const json::array& array) {
    out.push_back('[');
    bool first = true;
    for (const json::value& item : array) {
        out += first ? "" : ", ";
        first = false;
        append(out, item);
    }
    out.push_back(']');
}

void append(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::object:
            return append_object(out, value.get_object());
        case json::kind::array:
            return append_array(out, value.get_array());
        case json::kind::string:
            return append_text(out, value.get_string());
        case json::kind::int64:
            out += std::to_string(value.get_int64());
            return;
        case json::kind::uint64:
            out += std::to_string(value.get_uint64());
            return;
        case json::kind::double_:
            if (std::isfinite(value.get_double())) {
                return append_json_number(out, rounded(value.get_double()));
            }
            out += "null";
            return;
        case json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            return;
        case json::kind::null:
            out += "null";
            return;
    }
}

}  // namespace

std::string json_text(const json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

json::value error_json(const Error& error) {
    json::object inner;
    inner["code"] = error.name();
    inner["message"] = error.message();
    if (const auto hint = error_info(error.code()).hint; !hint.empty()) {
        inner["hint"] = hint;
    }
    return json::object{{"error", std::move(inner)}};
}

std::optional<Error> error_from_json(const json::value& value) {
    const json::object* outer = value.if_object();
    const json::value* found = outer == nullptr ? nullptr : outer->if_contains("error");
    const json::object* inner = found == nullptr ? nullptr : found->if_object();
    if (inner == nullptr) {
        return std::nullopt;
    }
    const json::value* code = inner->if_contains("code");
    const json::value* message = inner->if_contains("message");
    if (code == nullptr || !code->is_string() || message == nullptr || !message->is_string()) {
        return std::nullopt;
    }
    for (std::uint16_t number = 1;; ++number) {
        const auto known = error_code_from_wire(number);
        if (!known) {
            return Error(ErrorCode::internal, std::string(message->get_string()));
        }
        if (error_info(*known).name == std::string_view(code->get_string())) {
            return Error(*known, std::string(message->get_string()));
        }
    }
}

}  // namespace farshore::control
