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
    // No cut is wanted any more: the cutter takes its last mark. Once stopped, always stopped.
    void stop();
    [[nodiscard]] bool is_stopped() const;

    struct Woken {
        bool changed = false;
        bool mark_demanded = false;
        bool look_again = false;
    };
    // Waits at most `timeout`, not at all once stopped, and takes what has come in since the last
    // call.
    [[nodiscard]] Woken wait(Duration timeout);

  private:
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Woken pending_;
    bool stopped_ = false;
};

}  // namespace farshore::primary
