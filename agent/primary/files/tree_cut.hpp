#pragma once
// What one tree adds to a cut, as plain values.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/mark.hpp"
#include "protocol/time.hpp"
#include "storage/state/captured_entry.hpp"

namespace farshore::primary {

struct CutInput {
    ClockReading taken;  // read before drain()
    BootTime deadline;   // what is not read by then is pending
};

// Invariants: each path occurs once, in `puts` or `removals` or `refreshed`; a removal of a
// directory comes with, or after, those of everything below it; when `refusal` is set, nothing is
// put or removed.
struct TreeCut {
    ClockReading taken;
    std::vector<storage::CapturedEntry> puts;  // cut and mark are set by who commits
    std::vector<std::string> removals;
    // Deletions that are held from now on, and held ones that came back or are removed.
    std::vector<std::string> held, let_go;
    // Why something is held, as an operator is told; empty when nothing is.
    std::optional<Error> held_notice;
    // Looked at and found the same: only their stat identity moved. Nothing a secondary would see.
    std::vector<std::pair<std::string, storage::StatIdentity>> refreshed;
    PendingFiles pending;  // with all their paths: who seals a mark names what it has room for
    // No pending path changed before the drain that ended before this; none: nothing is pending.
    std::optional<BootTime> pending_noticed;
    // Everything that was there at the first start is in a cut, this one included.
    bool first_scan_done = false;
    // The tree is as of `taken`. Else its as_of stands still, or is `swept` where it can not be
    // watched.
    bool is_current = false;
    std::optional<Timestamp> swept;    // when the last completed full scan began
    std::vector<Uncovered> uncovered;  // limits::mark_uncovered + 1 at most
    std::optional<Error> refusal;      // ROOT_CHANGED, or a root that can't be opened
    bool more_to_scan = false;         // a full scan is under way: another cut soon, please
};

}  // namespace farshore::primary
