#pragma once
// The names that a directory store gives to files which are still being written.

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/digest.hpp"

namespace farshore::storage {

// Two writers of the same bytes get the same digest and must differ in `attempt`.
[[nodiscard]] std::string make_unfinished_name(const Digest& content, std::uint64_t attempt);
[[nodiscard]] bool is_unfinished_name(std::string_view component);

}  // namespace farshore::storage
