#include "agent/primary/cut_schedule.hpp"

#include <algorithm>

namespace farshore::primary {

CutSchedule::Decision CutSchedule::decide(const Facts& facts) const {
    if (facts.mark_demanded || !last_mark_) {
        return {.take = true, .as_mark = true, .wait = {}};
    }
    const Duration until_mark = *last_mark_ + mark_interval_ - facts.now;
    if (until_mark.nanoseconds <= 0) {
        return {.take = true, .as_mark = true, .wait = {}};
    }
    if (!facts.changed || !facts.previous_received) {
        return {.take = false, .as_mark = false, .wait = until_mark};
    }
    const Duration until_cut = *last_cut_ + min_cut_interval_ - facts.now;
    if (until_cut.nanoseconds <= 0) {
        return {.take = true, .as_mark = false, .wait = {}};
    }
    return {.take = false, .as_mark = false, .wait = std::min(until_cut, until_mark)};
}

void CutSchedule::taken(BootTime t, bool as_mark) {
    last_cut_ = t;
    if (as_mark) {
        last_mark_ = t;
    }
}

}  // namespace farshore::primary
