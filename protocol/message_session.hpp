#pragma once
// The first frames of every lane, and what the control lane carries between cuts.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/frame.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore {

enum class LaneKind : std::uint8_t { control = 1, database = 2, bulk = 3 };

// The dialing side (the primary) says this first on every lane.
struct Hello {
    static constexpr MessageKind kind = MessageKind::hello;
    std::uint16_t lowest_version = 1;  // of the protocol, that it speaks
    std::uint16_t highest_version = 1;
    StreamName stream;
    AgentName agent;
    Epoch epoch;
    std::string session_id;  // 16 random bytes, the same for all lanes of a session
    std::string boot_id;     // 16 bytes: whose BootTime the sender speaks of
    LaneKind lane = LaneKind::control;
    std::uint16_t bulk_index = 0;        // for a bulk lane: 0 to bulk_lanes - 1
    std::uint16_t bulk_lanes = 0;        // how many of them the session will have
    std::optional<SourceName> database;  // for a database lane
    std::vector<SourceName> trees;       // control lane: the primary's sources, to be compared
    std::vector<SourceName> databases;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Hello decode(ByteReader& in);
};

// What a secondary holds of a database.
struct DatabaseStanding {
    bool copied = false;            // its first copy is complete
    Lsn received;                   // durable here; the stream goes on after it
    std::string system_identifier;  // of the primary's cluster when the copy was made; may be empty
    std::uint32_t timeline = 0;
    // Some table was copied in a snapshot of this moment: before the stream is past it the database
    // is not as of one. Of a copy that is not complete: received says where its stream begins.
    Lsn whole_from;
};

// The accepting side (a secondary) answers with this on every lane; the standing is on control
// only.
struct Welcome {
    static constexpr MessageKind kind = MessageKind::welcome;
    std::uint16_t version = 1;  // the highest that both speak
    AgentName agent;
    Epoch epoch;
    std::string boot_id;
    CutNumber received_cut;                                 // 0: nothing yet
    std::string received_identity = std::string(16, '\0');  // CutBegin::identity of that cut
    CutNumber applied_cut;
    MarkNumber received_mark;
    MarkNumber applied_mark;
    std::optional<Digest> received_mark_digest;
    std::map<SourceName, DatabaseStanding> databases;
    // Large files of which only the beginning came: the SHA-256 of each one's path.
    std::map<SourceName, std::vector<Digest>> begun;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Welcome decode(ByteReader& in);
};

// Instead of a Welcome: the lane is closed after it.
struct Refusal {
    static constexpr MessageKind kind = MessageKind::refusal;
    ErrorCode code = ErrorCode::internal;
    std::string message;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Refusal decode(ByteReader& in);
};

// An orderly end: the other side need not wait for a timeout.
struct Goodbye {
    static constexpr MessageKind kind = MessageKind::goodbye;
    std::string reason;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Goodbye decode(ByteReader& in);
};

// Four-timestamp exchange; either side asks.
struct Ping {
    static constexpr MessageKind kind = MessageKind::ping;
    std::uint64_t number = 0;
    BootTime sent;  // asker's clock

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Ping decode(ByteReader& in);
};

struct Pong {
    static constexpr MessageKind kind = MessageKind::pong;
    std::uint64_t number = 0;
    BootTime sent;           // as asked
    BootTime received;       // answerer's clock
    BootTime answered;       // answerer's clock
    Timestamp answered_utc;  // answerer's UTC at `answered`
    std::optional<Duration> utc_error;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Pong decode(ByteReader& in);
};

// One signed object or change list, as it is in the store.
struct EvidenceObject {
    static constexpr MessageKind kind = MessageKind::evidence_object;
    std::string key;    // under the store's prefix
    std::string bytes;  // one piece, limits::payload_piece at most
    std::uint64_t offset = 0;
    bool last = true;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static EvidenceObject decode(ByteReader& in);
};

// How the sender is doing, told when it changes, so that status shows it on both sides.
struct PeerState {
    static constexpr MessageKind kind = MessageKind::peer_state;
    std::string state;               // copying, streaming, stopped
    std::optional<ErrorCode> error;  // with stopped: why
    std::string reason;              // the error's message
    std::string source;              // the source it is about; may be empty

    // What is wrong with `source`, or that nothing is.
    [[nodiscard]] static PeerState of(std::string source, const std::optional<Error>& fault);
    // nullopt unless the state is stopped.
    [[nodiscard]] std::optional<Error> fault() const;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static PeerState decode(ByteReader& in);
};

// An operator's wish that the other agent must help with: JSON in and out, as the control socket
// has it.
struct Request {
    static constexpr MessageKind kind = MessageKind::request;
    std::uint64_t number = 0;
    std::string verb;  // "flush", "publish", "verify_database", …
    std::string json;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Request decode(ByteReader& in);
};

struct Reply {
    static constexpr MessageKind kind = MessageKind::reply;
    static constexpr std::size_t most_json_bytes = limits::frame_body - 64;
    std::uint64_t number = 0;
    bool last = true;  // more replies with this number follow otherwise
    std::optional<ErrorCode> error;
    std::string json;  // most_json_bytes at most; with an error: its message

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Reply decode(ByteReader& in);
};

}  // namespace farshore
