#include "agent/config/memory_budget.hpp"

#include <algorithm>

#include "protocol/limits.hpp"

namespace farshore::config {

namespace {

// Code, SQLite, one cut's entries, pools that read and write files, threads.
constexpr std::uint64_t everything_else = 56 * limits::mib;
// Of a database: the server's messages as they come, a change that is held whole.
constexpr std::uint64_t database_buffers = 8 * limits::mib;
constexpr std::uint64_t gathered_at_most = 32 * limits::mib;
constexpr std::uint64_t gathered_at_least = limits::mib / 2;
// Gathered, as the text of parameters with its escapes, and as libpq sends them; and some to spare.
constexpr std::uint64_t copies_of_gathered = 6;

}  // namespace

std::uint64_t least_memory_bytes(const Config& config) {
    const std::uint64_t databases = config.databases.size();
    const std::uint64_t lanes =
        (1 + databases + static_cast<std::uint64_t>(config.replication.bulk_lanes)) *
        config.peers.size();
    return everything_else + lanes * limits::lane_window + databases * database_buffers;
}

std::uint64_t gathered_rows_bytes(const Config& config) {
    const std::uint64_t limit = config.replication.memory_limit_bytes;
    const std::uint64_t databases = std::max<std::uint64_t>(config.databases.size(), 1);
    // A secondary talks to one primary: its peers' lanes are never all there.
    const std::uint64_t share = limit / 2 / (copies_of_gathered * databases);
    return std::clamp(share, gathered_at_least, gathered_at_most);
}

}  // namespace farshore::config
