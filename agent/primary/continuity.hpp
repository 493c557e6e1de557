#pragma once
// Whether what a secondary holds is of this state's history, and from which cut it goes on.

#include <optional>
#include <string>
#include <vector>

#include "protocol/message_session.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

struct Continuation {
    CutNumber base;  // 0: everything is told, and what is not named is removed there
    // Why everything is told to somebody who holds something; none: it goes on where it was.
    std::optional<std::string> whole_because;
};

// Throws state_damaged or chain_broken when the two states have not lived through the same: one of
// them was put back from an older copy, or belongs to another stream.
[[nodiscard]] Continuation judge_continuity(storage::PrimaryState& state, const Welcome& welcome,
                                            const AgentName& peer,
                                            const std::vector<SourceName>& trees);

}  // namespace farshore::primary
