#pragma once
// How long a slot can stay behind before its log is too much for the primary.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

// How fast the server's log grows, over the last minute. Not thread-safe.
class LogRate {
  public:
    void add(Lsn end, BootTime when);
    // Bytes a second; nullopt before there are two looks that are a second apart, and after the log
    // went back.
    [[nodiscard]] std::optional<double> bytes_a_second() const;

  private:
    struct Look {
        Lsn end;
        BootTime when;
    };
    std::deque<Look> looks_;
};

struct SlotFacts {
    bool exists = false;
    bool active = false;
    std::string wal_status;                      // reserved, extended, unreserved, lost
    std::optional<std::int64_t> safe_wal_bytes;  // null when max_slot_wal_keep_size is -1
    std::uint64_t retained_bytes = 0;            // of log that the server keeps for it
    Lsn confirmed;
    std::uint64_t limit_bytes = 0;      // slot_limit; 0: none
    std::optional<Duration> time_left;  // at the present rate, if nothing were confirmed any more
};

// Until slot_limit or the server's own max_slot_wal_keep_size, whichever is nearer; nullopt without
// a limit or a rate, or when the log does not grow. Pure.
[[nodiscard]] std::optional<Duration> time_left(const SlotFacts& slot,
                                                std::optional<double> bytes_a_second);

// The slot keeps more than its limit.
[[nodiscard]] bool is_over_limit(const SlotFacts& slot);

}  // namespace farshore::primary
