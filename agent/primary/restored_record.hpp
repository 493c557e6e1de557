#pragma once
// What was known of a cut before this agent's start, out of its state: the same facts as live, so
// that figures go on where they stood.

#include "agent/primary/cut_record.hpp"
#include "protocol/time.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

// The cut with its newest mark and newest complete mark, as far as they are kept; without
// positions. Times of before a reboot are put onto the present clock since boot by their UTC.
[[nodiscard]] CutRecord restored_record(storage::PrimaryState& state, CutNumber cut,
                                        const ClockReading& now);

}  // namespace farshore::primary
