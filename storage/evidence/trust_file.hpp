#pragma once
// The trust file: whose signatures count in a stream (INTERFACE.md, "Trust file").

#include <string>
#include <string_view>

#include "protocol/trust.hpp"

namespace farshore::storage {

// Throws Error(bad_config) naming `name`, line and key: unknown or missing keys, wrong types, a key
// that is not 32 bytes, a name or time that is not one, a key listed twice, no agent at all.
[[nodiscard]] TrustSet parse_trust_file(std::string_view text, const std::string& name);

// The text of a trust file with these keys.
[[nodiscard]] std::string write_trust_file(const TrustSet& trust);

}  // namespace farshore::storage
