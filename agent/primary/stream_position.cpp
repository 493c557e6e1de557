#include "agent/primary/stream_position.hpp"

#include <algorithm>

namespace farshore::primary {

CutPosition next_position(const StreamPosition& before, const StreamPosition& passed,
                          const std::optional<StreamPosition>& end) {
    CutPosition next{.position = before, .is_current = false};
    if (!passed.system.empty() && passed.system != before.system) {
        // What was before is of another cluster, or of none: its numbers say nothing here. (A state
        // of before systems were kept has a number without one: that goes on.)
        next.position = {.system = passed.system,
                         .lsn = before.system.empty() ? before.lsn : Lsn()};
    }
    // A server whose log ends before what was passed is not the one that was followed.
    const bool is_ours = end && end->system == next.position.system &&
                         end->lsn >= next.position.lsn && !passed.system.empty();
    if (is_ours) {
        // What was committed after L belongs to the next cut: its files are not in this one.
        next.is_current = passed.lsn >= end->lsn;
        next.position.lsn = std::max(std::min(passed.lsn, end->lsn), next.position.lsn);
    }
    return next;
}

}  // namespace farshore::primary
