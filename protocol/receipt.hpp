#pragma once
// What a secondary writes to the store: which marks it received and applied, and when.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore {

struct ReceivedMark {
    MarkNumber mark;
    Timestamp at;  // when it was durable here
    std::optional<Duration> clock_error;
    Digest mark_digest;  // of the mark's payload

    bool operator==(const ReceivedMark&) const = default;
};

struct AppliedMark {
    MarkNumber mark;
    Timestamp at;
    std::map<SourceName, Digest> sources;  // as the replica has them

    bool operator==(const AppliedMark&) const = default;
};

// Invariants: epoch, sequence and mark numbers are not 0; within received and within applied the
// numbers rise.
struct Receipt {
    StreamName stream;
    Epoch epoch;
    AgentName agent;
    AgentName primary;
    Sequence sequence;
    Digest previous;  // of the payload of the receipt before, or the epoch record
    // This host's clock against the primary's; none when it is not known.
    std::optional<Duration> offset;
    std::optional<Duration> offset_error;
    std::vector<ReceivedMark> received;
    std::vector<AppliedMark> applied;
    std::vector<std::string> marks;  // envelopes, as the primary signed them

    bool operator==(const Receipt&) const = default;
};

[[nodiscard]] std::string to_payload(const Receipt& receipt);
[[nodiscard]] Result<Receipt> parse_receipt(std::string_view payload);

}  // namespace farshore
