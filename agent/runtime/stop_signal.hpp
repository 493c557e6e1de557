#pragma once
// SIGTERM, SIGINT and SIGHUP as something to wait for.

#include <cstdint>
#include <optional>

#include "protocol/time.hpp"

namespace farshore::runtime {

// Make one before any thread is started: it blocks these signals in the calling thread, and threads
// inherit that. A child process must unblock them (child_process does). SIGPIPE is ignored from
// then on: a write to a closed connection is an error, not the end of the process.
//
// Invariants: once stopped, always stopped. wait, request and descriptor are thread-safe.
class StopSignal {
  public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    enum class Woken : std::uint8_t { timeout, reload, stop };

    // Waits for a signal or request(): reload for SIGHUP. `timeout` null: no timeout.
    [[nodiscard]] Woken wait(std::optional<Duration> timeout = std::nullopt);
    // The same as a signal, from within the process.
    void request();
    // Readable (poll) from the moment that a wait() has seen SIGTERM or SIGINT, or request() was
    // called.
    [[nodiscard]] int descriptor() const { return event_; }

  private:
    int signals_ = -1;  // signalfd
    int event_ = -1;    // eventfd, never read
};

}  // namespace farshore::runtime
