#include "protocol/json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>
#include <vector>

namespace farshore {

namespace {

namespace json = boost::json;

std::string_view view(json::string_view text) {
    return {text.data(), text.size()};
}

// The length of the UTF-8 sequence that `text` begins with, 0 when there is none.
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto continues = [&](std::size_t i) { return (at(i) & 0xc0U) == 0x80U; };
    const unsigned first = at(0);
    if (first < 0x80) {
        return text.empty() ? 0 : 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return continues(1) ? 2 : 0;
    }
    if (first >= 0xe0 && first <= 0xef) {
        const bool overlong = first == 0xe0 && at(1) < 0xa0;
        const bool surrogate = first == 0xed && at(1) > 0x9f;
        return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool overlong = first == 0xf0 && at(1) < 0x90;
        const bool too_high = first == 0xf4 && at(1) > 0x8f;
        return continues(1) && continues(2) && continues(3) && !overlong && !too_high ? 4 : 0;
    }
    return 0;
}

void append_value(std::string& out, const json::value& value);

void append_object(std::string& out, const json::object& object) {
    std::vector<const json::key_value_pair*> members;
    members.reserve(object.size());
    for (const json::key_value_pair& member : object) {
        FARSHORE_ASSERT(is_valid_utf8(view(member.key())));
        members.push_back(&member);
    }
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) {
        return comes_before_in_utf16(view(a->key()), view(b->key()));
    });
    out.push_back('{');
    for (const json::key_value_pair* member : members) {
        if (member != members.front()) {
            out.push_back(',');
        }
        append_json_string(out, view(member->key()));
        out.push_back(':');
        append_value(out, member->value());
    }
    out.push_back('}');
}

void append_array(std::string& out, const json::array& array) {
    out.push_back('[');
    for (std::size_t i = 0; i < array.size(); ++i) {
        if (i > 0) {
            out.push_back(',');
        }
        append_value(out, array[i]);
    }
    out.push_back(']');
}

void append_signed(std::string& out, std::int64_t value) {
    constexpr auto greatest = static_cast<std::int64_t>(greatest_json_integer);
    FARSHORE_ASSERT(value >= -greatest && value <= greatest);
    out += std::to_string(value);
}

void append_value(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            out += "null";
            return;
        case json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            return;
        case json::kind::int64:
            append_signed(out, value.get_int64());
            return;
        case json::kind::uint64:
            FARSHORE_ASSERT(value.get_uint64() <= greatest_json_integer);
            out += std::to_string(value.get_uint64());
            return;
        case json::kind::double_:
            append_json_number(out, value.get_double());
            return;
        case json::kind::string:
            append_json_string(out, view(value.get_string()));
            return;
        case json::kind::array:
            append_array(out, value.get_array());
            return;
        case json::kind::object:
            append_object(out, value.get_object());
            return;
    }
}

// Builds the value from the parser's events, so that a second member of one name is seen (the
// library's own reader lets the last one win in silence) and doubles are read exactly.
class Builder {
  public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    using Code = json::error_code;
    using Text = json::string_view;

    [[nodiscard]] json::value take() { return std::move(result_); }
    [[nodiscard]] const std::string& complaint() const { return complaint_; }

    bool on_document_begin(Code& /*ec*/) { return true; }
    bool on_document_end(Code& /*ec*/) { return true; }
    bool on_object_begin(Code& /*ec*/) {
        open_.emplace_back(json::object());
        return true;
    }
    bool on_array_begin(Code& /*ec*/) {
        open_.emplace_back(json::array());
        return true;
    }
    bool on_object_end(std::size_t /*n*/, Code& ec) { return close(ec); }
    bool on_array_end(std::size_t /*n*/, Code& ec) { return close(ec); }
    bool on_key_part(Text part, std::size_t /*n*/, Code& /*ec*/) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_key(Text part, std::size_t /*n*/, Code& /*ec*/) {
        text_.append(part.data(), part.size());
        keys_.push_back(std::move(text_));
        text_.clear();
        return true;
    }
    bool on_string_part(Text part, std::size_t n, Code& ec) { return on_key_part(part, n, ec); }
    bool on_string(Text part, std::size_t /*n*/, Code& ec) {
        text_.append(part.data(), part.size());
        json::value value(Text(text_.data(), text_.size()));
        text_.clear();
        return place(std::move(value), ec);
    }
    bool on_number_part(Text part, Code& /*ec*/) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t number, Text /*part*/, Code& ec) {
        text_.clear();
        constexpr auto greatest = static_cast<std::int64_t>(greatest_json_integer);
        const bool is_exact = number >= -greatest && number <= greatest;
        return place(is_exact ? json::value(number) : json::value(static_cast<double>(number)), ec);
    }
    bool on_uint64(std::uint64_t number, Text /*part*/, Code& ec) {
        text_.clear();
        return place(json::value(static_cast<double>(number)), ec);
    }
    bool on_double(double /*approximate*/, Text part, Code& ec) {
        text_.append(part.data(), part.size());
        double exact = 0;
        const char* const end = text_.data() + text_.size();
        const auto [stop, error] = std::from_chars(text_.data(), end, exact);
        if (error != std::errc{} || stop != end) {
            return complain("a number that a double can't hold", ec);
        }
        text_.clear();
        return place(json::value(exact), ec);
    }
    bool on_bool(bool value, Code& ec) { return place(json::value(value), ec); }
    bool on_null(Code& ec) { return place(json::value(nullptr), ec); }
    bool on_comment_part(Text /*part*/, Code& /*ec*/) { return true; }
    bool on_comment(Text /*part*/, Code& /*ec*/) { return true; }

  private:
    bool close(Code& ec) {
        json::value value = std::move(open_.back());
        open_.pop_back();
        return place(std::move(value), ec);
    }

    bool place(json::value value, Code& ec) {
        if (++values_ > limits::json_values) {
            return complain("more values than " + std::to_string(limits::json_values), ec);
        }
        if (open_.empty()) {
            result_ = std::move(value);
            return true;
        }
        json::value& parent = open_.back();
        if (parent.is_array()) {
            parent.get_array().push_back(std::move(value));
            return true;
        }
        const std::string key = std::move(keys_.back());
        keys_.pop_back();
        const Text name(key.data(), key.size());
        if (!parent.get_object().emplace(name, std::move(value)).second) {
            return complain("a second member \"" + key.substr(0, 100) + "\"", ec);
        }
        return true;
    }

    bool complain(std::string text, Code& ec) {
        complaint_ = std::move(text);
        ec = json::error::exception;
        return false;
    }

    std::size_t values_ = 0;
    json::value result_;
    std::vector<json::value> open_;  // the containers around the place where the parser is
    std::vector<std::string> keys_;  // the members that wait for their value
    std::string text_;
    std::string complaint_;
};

}  // namespace

bool is_valid_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

bool comes_before_in_utf16(std::string_view a, std::string_view b) {
    const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (in_a == a.end() || in_b == b.end()) {
        return a.size() < b.size();
    }
    // UTF-8 sorts by code point. UTF-16 differs in one thing: what lies beyond U+FFFF (first byte
    // f0 to f4) is written with surrogates, which come before U+E000 to U+FFFF (ee and ef). Where
    // the first different byte is a later one of a sequence, both sequences are of one kind.
    const auto first = static_cast<unsigned char>(*in_a);
    const auto second = static_cast<unsigned char>(*in_b);
    const bool first_surrogate = first >= 0xf0;
    const bool second_surrogate = second >= 0xf0;
    if (first_surrogate != second_surrogate && std::min(first, second) >= 0xee) {
        return first_surrogate;
    }
    return first < second;
}

void append_json_string(std::string& out, std::string_view text) {
    static constexpr std::string_view digits = "0123456789abcdef";
    FARSHORE_ASSERT(is_valid_utf8(text));
    out.push_back('"');
    for (char c : text) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (static_cast<unsigned char>(c) >= 0x20) {
            out.push_back(c);
        } else if (const std::size_t at = std::string_view("\b\t\n\f\r").find(c);
                   at != std::string_view::npos) {
            out.push_back('\\');
            out.push_back("btnfr"[at]);
        } else {
            out += "\\u00";
            out.push_back(digits[static_cast<std::size_t>(c) >> 4]);
            out.push_back(digits[static_cast<std::size_t>(c) & 15U]);
        }
    }
    out.push_back('"');
}

// The form of ECMAScript's Number::toString, which RFC 8785 prescribes.
void append_json_number(std::string& out, double value) {
    FARSHORE_ASSERT(std::isfinite(value));
    if (value == 0) {
        out.push_back('0');
        return;
    }
    if (value < 0) {
        out.push_back('-');
    }
    std::array<char, 32> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                       std::fabs(value), std::chars_format::scientific);
    const std::string_view text(buffer.data(),
                                static_cast<std::size_t>(written.ptr - buffer.data()));
    const std::size_t e = text.find('e');
    std::string digits(text.substr(0, 1));
    digits += e > 2 ? text.substr(2, e - 2) : std::string_view();
    int exponent = 0;
    const std::size_t sign = text[e + 1] == '+' ? 1 : 0;
    std::from_chars(text.data() + e + 1 + sign, text.data() + text.size(), exponent);
    const int count = static_cast<int>(digits.size());
    const int point = exponent + 1;  // the decimal point stands after this many digits
    if (count <= point && point <= 21) {
        out += digits + std::string(static_cast<std::size_t>(point - count), '0');
    } else if (point > 0 && point <= 21) {
        out += digits.insert(static_cast<std::size_t>(point), ".");
    } else if (point > -6 && point <= 0) {
        out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
    } else {
        out += count > 1 ? digits.insert(1, ".") : digits;
        out += exponent < 0 ? "e-" : "e+";
        out += std::to_string(std::abs(exponent));
    }
}

void append_json_integer(std::string& out, std::uint64_t value) {
    const std::string_view quote = value > greatest_json_integer ? "\"" : "";
    out += quote;
    out += std::to_string(value);
    out += quote;
}

json::value json_integer(std::uint64_t value) {
    if (value > greatest_json_integer) {
        const std::string text = std::to_string(value);
        return json::value(json::string_view(text.data(), text.size()));
    }
    return json::value(static_cast<std::int64_t>(value));
}

std::string to_canonical_json(const json::value& value) {
    std::string out;
    append_value(out, value);
    return out;
}

Result<json::value> parse_json(std::string_view text, std::size_t limit_bytes,
                               std::size_t limit_depth) {
    if (text.size() > limit_bytes) {
        return Error(ErrorCode::too_large, "JSON of " + std::to_string(text.size()) +
                                               " bytes is over its limit of " +
                                               std::to_string(limit_bytes));
    }
    json::parse_options options;
    options.max_depth = limit_depth;
    json::basic_parser<Builder> parser(options);
    json::error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && (read < text.size() || !parser.done())) {
        ec = read < text.size() ? json::error::extra_data : json::error::incomplete;
    }
    if (ec) {
        const std::string& complaint = parser.handler().complaint();
        return Error(ErrorCode::malformed, "JSON, near byte " + std::to_string(read) + ": " +
                                               (complaint.empty() ? ec.message() : complaint));
    }
    return parser.handler().take();
}

}  // namespace farshore
