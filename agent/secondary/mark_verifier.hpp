#pragma once
// Marks are verified on arrival, before anything is acknowledged by them.

#include <optional>

#include "protocol/envelope.hpp"
#include "protocol/mark.hpp"
#include "storage/state/secondary_state.hpp"

namespace farshore::secondary {

struct VerifiedMark {
    Mark mark;
    storage::ArrivedMark stored;
};

// Whose marks count in this session, and after which number.
struct ExpectedMarks {
    StreamName stream;
    Epoch epoch;
    AgentName primary;
};

// Throws malformed, untrusted, bad_signature, or chain_broken when it is another stream's, epoch's
// or agent's mark.
[[nodiscard]] VerifiedMark verify_mark(const std::string& envelope, const TrustSet& trust,
                                       const ExpectedMarks& expected);
// True when the mark is to be kept; false when we have it already. Throws chain_broken for a gap.
// `last`: the newest that is received; zero: none yet, then any mark may be the first. `may_skip`:
// a gap is no fault, since the cut tells everything.
[[nodiscard]] bool follows(MarkNumber last, MarkNumber mark, bool may_skip);

}  // namespace farshore::secondary
