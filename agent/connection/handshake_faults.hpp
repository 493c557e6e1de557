#pragma once
// Which connections failed to become sessions, and why: for status on both sides.

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/time.hpp"

namespace farshore::connection {

struct HandshakeFault {
    std::string peer;  // the agent's name where it is known, else its address
    ErrorCode code = ErrorCode::internal;
    std::string message;
    Timestamp first;
    Timestamp last;
    std::uint64_t count = 0;
};

// Invariants: at most `capacity` peers are remembered, the latest ones; one entry for each peer,
// about its latest failure; forgotten when it did not come again for an hour. Every call is
// thread-safe.
class HandshakeFaults {
  public:
    static constexpr std::size_t capacity = 16;
    static constexpr Duration log_interval = Duration::from_ms(60'000);
    static constexpr Duration kept = Duration::from_seconds(3'600);

    explicit HandshakeFaults(Clock& clock) : clock_(clock) {}

    // True when it is worth a line in the log: another failure than the one before, or the same for
    // another minute.
    bool record(const std::string& peer, const Error& error);
    // A session with the peer has come about.
    void clear(const std::string& peer);
    // Oldest first.
    [[nodiscard]] std::vector<HandshakeFault> list() const;

  private:
    struct Entry {
        HandshakeFault fault;
        BootTime logged;
        BootTime last;
    };

    Clock& clock_;
    mutable std::mutex mutex_;
    std::deque<Entry> entries_;
};

}  // namespace farshore::connection
