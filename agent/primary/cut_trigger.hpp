#pragma once
// What wakes the cutter: a change in a source, a cut that was received, somebody who wants a mark.

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "protocol/time.hpp"

namespace farshore::primary {

// Invariants: a notification between two waits is never lost; any number of them is one.
class CutTrigger {
  public:
    // Something changed; the next cut need not wait for the mark interval.
    void notify();
    // A mark is wanted now (flush, publish, stop).
    void demand_mark();
    // Nothing changed, but the next cut may be due earlier: look again.
    void look_again();
    void stop();

    struct Woken {
        bool changed = false;
        bool mark_demanded = false;
        bool stopped = false;
        bool look_again = false;
    };
    // Waits at most `timeout` and takes what has come in since the last call.
    [[nodiscard]] Woken wait(Duration timeout);

  private:
    std::mutex mutex_;
    std::condition_variable wake_;
    Woken pending_;
};

}  // namespace farshore::primary
