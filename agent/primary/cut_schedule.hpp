#pragma once
// When the next cut is due (pure): group commit under load, a mark at least every interval.

#include <optional>

#include "protocol/time.hpp"

namespace farshore::primary {

// Invariants: two cuts are at least min_cut_interval apart unless a mark is demanded; from one mark
// to the next never more than mark_interval is waited; without a mark due no cut is taken while the
// previous one is on its way, so cuts grow under load instead of queueing.
class CutSchedule {
  public:
    CutSchedule(Duration mark_interval, Duration min_cut_interval)
        : mark_interval_(mark_interval), min_cut_interval_(min_cut_interval) {}

    struct Facts {
        BootTime now;
        bool changed = false;           // something is dirty or a transaction was passed
        bool mark_demanded = false;     // flush, publish, stop
        bool previous_received = true;  // by the best placed secondary; false without a session
    };
    struct Decision {
        bool take = false;
        bool as_mark = false;
        Duration wait;  // without take: ask again after this at the latest
    };
    [[nodiscard]] Decision decide(const Facts& facts) const;

    // A cut was begun at `t`.
    void taken(BootTime t, bool as_mark);

  private:
    Duration mark_interval_;
    Duration min_cut_interval_;
    std::optional<BootTime> last_cut_;
    std::optional<BootTime> last_mark_;
};

}  // namespace farshore::primary
