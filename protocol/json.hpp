#pragma once
// JSON as the evidence has it: written by RFC 8785 (one text for each value), read strictly (valid
// UTF-8, no duplicate member, bounded size, depth and number of values).

#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace farshore {

// The greatest integer that every JSON reader keeps exactly; above it we write decimal strings.
constexpr std::uint64_t greatest_json_integer = (1ULL << 53) - 1;

[[nodiscard]] bool is_valid_utf8(std::string_view text);

// Strings must be valid UTF-8, doubles finite, integers within greatest_json_integer: asserted.
[[nodiscard]] std::string to_canonical_json(const boost::json::value& value);
// A number up to greatest_json_integer, a decimal string above.
[[nodiscard]] boost::json::value json_integer(std::uint64_t value);

// The pieces, for hot places that know the order of their members.
void append_json_string(std::string& out, std::string_view text);
void append_json_number(std::string& out, double value);
void append_json_integer(std::string& out, std::uint64_t value);
// True when `a` comes before `b` in the order of UTF-16 code units; both valid UTF-8.
[[nodiscard]] bool comes_before_in_utf16(std::string_view a, std::string_view b);

// too_large, or malformed with the place. Whole numbers up to greatest_json_integer come as int64,
// all others as double: so to_canonical_json takes whatever was read.
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text, std::size_t limit_bytes,
                                                    std::size_t limit_depth = limits::json_depth);

}  // namespace farshore
