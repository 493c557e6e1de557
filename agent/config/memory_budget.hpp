#pragma once
// What the parts of an agent may hold of memory_limit. Pure.

#include <cstdint>

#include "agent/config/config.hpp"

namespace farshore::config {

// What an agent with these peers, lanes and sources can hold at most when every lane's queue is
// full: a limit below it is no limit.
[[nodiscard]] std::uint64_t least_memory_bytes(const Config& config);

// Rows of one database of a replica that are gathered before they are written. In text, in the
// statement and in libpq's buffer they take up to five times as much.
[[nodiscard]] std::uint64_t gathered_rows_bytes(const Config& config);

}  // namespace farshore::config
