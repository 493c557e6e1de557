#pragma once
// SIGTERM and SIGINT as something to wait for.

#include <optional>

#include "protocol/time.hpp"

namespace farshore::runtime {

// Make one before any thread is started: it blocks both signals in the calling thread, and threads
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

    // Waits for a signal or request(); false when `timeout` passed first (null: no timeout).
    [[nodiscard]] bool wait(std::optional<Duration> timeout = std::nullopt);
    // The same as a signal, from within the process.
    void request();
    // Readable (poll) from the moment that a wait() has seen a signal, or request() was called.
    [[nodiscard]] int descriptor() const { return event_; }

  private:
    int signals_ = -1;  // signalfd
    int event_ = -1;    // eventfd, never read
};

}  // namespace farshore::runtime
