#pragma once
// Base64 as RFC 4648 section 4 has it: padded, the standard alphabet.

#include <optional>
#include <string>
#include <string_view>

namespace farshore {

[[nodiscard]] std::string to_base64(std::string_view bytes);
// Only what to_base64 writes: no white space, padding complete, unused bits zero. So each byte
// string has one text and nothing can be altered without altering the bytes.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace farshore
