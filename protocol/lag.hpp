#pragma once
// The figures of GET /v1/lag from what is known (pure): one formula for both hosts.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/clock_offset.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore {

// An instant on the primary, by its two clocks. boot: set when the primary still runs in the boot
// that it was read in, and the peer's offset speaks of that boot; utc_error: as the mark has it.
struct PrimaryMoment {
    std::optional<BootTime> boot;
    Timestamp utc;
    std::optional<Duration> utc_error;
};

// What a mark says of time. A source without as_of (its first copy is not finished) is not listed.
struct MarkMoments {
    MarkNumber mark;
    PrimaryMoment taken;
    std::map<SourceName, PrimaryMoment> as_of;
};

// How far a secondary is known to be.
struct PeerFacts {
    AgentName name;
    std::optional<MarkMoments> received;  // the newest mark that is known received
    std::optional<MarkMoments> complete;  // the newest complete one among them
    std::optional<MarkMoments> applied;   // the newest mark that is known applied
    std::optional<Duration> round_trip;   // of its session
};

struct LagFacts {
    ClockReading now;  // of this host
    // The primary's CLOCK_BOOTTIME minus this host's; on the primary itself 0 ± 0.
    std::optional<Estimate> primary_offset;
    Duration mark_interval;
    std::vector<SourceName> sources;  // of the stream
    std::vector<PeerFacts> peers;     // on a secondary: itself
};

enum class LagProof : std::uint8_t { unknown, proven, late };

// Figures are upper ends in seconds, the error already in them; null: not known.
struct LagFigures {
    std::optional<double> rpo, complete_rpo, lag;
    std::optional<double> error;  // of rpo
};

struct SourceLag {
    SourceName name;
    LagFigures figures;
};

struct PeerLag {
    AgentName name;
    LagProof proof = LagProof::unknown;
    LagFigures figures;  // the worst of its sources
    std::vector<SourceLag> sources;
};

struct StreamLag {
    LagProof proof = LagProof::unknown;
    LagFigures figures;  // those of the best placed peer
    std::optional<double> floor;
    // Both readings, when the clocks can't all be right. What is measured by UTC alone is null
    // then; what is measured by the clocks that count from boot goes on.
    std::optional<std::string> clock_fault;
    std::vector<PeerLag> peers;  // in the order of the facts
};

[[nodiscard]] StreamLag compute_lag(const LagFacts& facts);

}  // namespace farshore
