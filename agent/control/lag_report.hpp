#pragma once
// What GET /v1/lag answers, field for field. A figure that is not known is null, never 0.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::control {

enum class Proof : std::uint8_t { unknown, proven, late };
enum class PeerState : std::uint8_t { connecting, copying, streaming, stopped, fenced };
enum class SourceKind : std::uint8_t { tree, database };

[[nodiscard]] constexpr std::string_view to_string(Proof proof) {
    return proof == Proof::proven ? "proven" : proof == Proof::late ? "late" : "unknown";
}
[[nodiscard]] constexpr std::string_view to_string(SourceKind kind) {
    return kind == SourceKind::tree ? "tree" : "database";
}
[[nodiscard]] constexpr std::string_view to_string(config::Role role) {
    return role == config::Role::primary ? "primary" : "secondary";
}
[[nodiscard]] constexpr std::string_view to_string(PeerState state) {
    switch (state) {
        case PeerState::connecting:
            return "connecting";
        case PeerState::copying:
            return "copying";
        case PeerState::streaming:
            return "streaming";
        case PeerState::stopped:
            return "stopped";
        case PeerState::fenced:
            return "fenced";
    }
    return "connecting";
}

struct ClockFigures {
    bool synchronised = false;
    std::optional<double> error_seconds;
    std::optional<double> offset_seconds, offset_error_seconds;  // of the session
};

struct SlotFigures {
    std::optional<std::uint64_t> retained_bytes;
    std::optional<std::string> wal_status;
    std::optional<std::int64_t> safe_wal_bytes;  // null: without a limit
    std::optional<std::uint64_t> limit_bytes;    // slot_limit
    // Until the nearer of both limits, at the present rate, if nothing were confirmed any more.
    std::optional<double> time_left_seconds;
};

// What a secondary has lost of a database.
struct GapFigures {
    std::string table;  // "": the whole database
    std::string reason;
    std::optional<Timestamp> since;
    std::uint64_t id = 0;  // by which `acknowledge-gap` and the marks name it
};

struct SourceFigures {
    std::string name;
    SourceKind kind = SourceKind::tree;
    std::optional<double> rpo_seconds, lag_seconds;
    std::optional<std::uint64_t> pending_files;  // trees only
    std::optional<std::uint64_t> pending_bytes;
    std::optional<Lsn> captured_lsn, received_lsn, applied_lsn;  // databases only
    std::optional<SlotFigures> slot;                             // databases only
    std::vector<GapFigures> gaps;                                // databases only
};

struct PeerFigures {
    std::string name;
    PeerState state = PeerState::connecting;
    std::optional<std::string> reason;  // of stopped and fenced; why it is not connected
    std::optional<Timestamp> connected_since;
    std::optional<double> round_trip_seconds;
    std::optional<MarkNumber> received_mark, applied_mark;
    std::optional<double> rpo_seconds, complete_rpo_seconds, lag_seconds, error_seconds;
    std::vector<SourceFigures> sources;
};

struct StoreFigures {
    std::uint64_t queued = 0;
    std::optional<double> oldest_queued_seconds;  // 0 when nothing is queued
    std::optional<Timestamp> last_upload;
    std::optional<std::string> error;
    std::uint64_t queued_bytes = 0;
    std::optional<Timestamp> not_attested_since;  // NOT_ATTESTED: records wait too long
};

struct LagReport {
    std::string stream, agent;
    config::Role role = config::Role::primary;
    std::optional<Epoch> epoch;  // null until the epoch record is known
    Timestamp time;
    Proof proof = Proof::unknown;
    double objective_seconds = 0;
    std::optional<double> floor_seconds;
    std::optional<double> rpo_seconds, complete_rpo_seconds, lag_seconds, error_seconds;
    ClockFigures clock;
    std::vector<PeerFigures> peers;
    StoreFigures store;
};

}  // namespace farshore::control
