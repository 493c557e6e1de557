#include "protocol/message_session.hpp"

#include "protocol/wire_fields.hpp"

namespace farshore {

namespace {

// S3 lets a key have 1024 bytes.
constexpr std::size_t evidence_key_bytes = 1024;
constexpr std::size_t verb_bytes = 64;
constexpr std::size_t word_bytes = 64;
constexpr std::size_t standing_min_bytes = 1 + 8 + 4 + 4 + 8;

LaneKind read_lane_kind(ByteReader& in) {
    const std::uint8_t number = in.u8();
    if (number < static_cast<std::uint8_t>(LaneKind::control) ||
        number > static_cast<std::uint8_t>(LaneKind::bulk)) {
        throw Error(ErrorCode::malformed, "a lane of kind " + std::to_string(number));
    }
    return static_cast<LaneKind>(number);
}

// A number that this build does not know comes from a newer peer; its message says what it means.
ErrorCode read_error_code(ByteReader& in) {
    return error_code_from_wire(in.u16()).value_or(ErrorCode::unsupported);
}

void write_error_code(ByteWriter& out, ErrorCode code) {
    out.u16(static_cast<std::uint16_t>(code));
}

DatabaseStanding read_standing(ByteReader& in) {
    DatabaseStanding standing;
    standing.copied = in.boolean();
    standing.received = wire::read_number<LsnTag>(in);
    standing.system_identifier = in.bytes(word_bytes);
    standing.timeline = in.u32();
    standing.whole_from = wire::read_number<LsnTag>(in);
    return standing;
}

// A lane says which one it is, and nothing that belongs to another kind.
void check_lane(const Hello& hello) {
    const bool is_bulk = hello.lane == LaneKind::bulk;
    if (hello.database.has_value() != (hello.lane == LaneKind::database)) {
        throw Error(ErrorCode::malformed, "a lane's kind and its database don't fit");
    }
    if (hello.bulk_lanes == 0 || hello.bulk_lanes > limits::bulk_lanes ||
        (is_bulk ? hello.bulk_index >= hello.bulk_lanes : hello.bulk_index != 0)) {
        throw Error(ErrorCode::malformed, "a session of " + std::to_string(hello.bulk_lanes) +
                                              " bulk lanes with number " +
                                              std::to_string(hello.bulk_index));
    }
}

}  // namespace

void Hello::encode(ByteWriter& out) const {
    out.u16(lowest_version).u16(highest_version);
    wire::write(out, stream);
    wire::write(out, agent);
    wire::write(out, epoch);
    wire::write_id(out, session_id);
    wire::write_id(out, boot_id);
    out.u8(static_cast<std::uint8_t>(lane)).u16(bulk_index).u16(bulk_lanes);
    out.boolean(database.has_value());
    if (database) {
        wire::write(out, *database);
    }
    wire::write_names(out, trees);
    wire::write_names(out, databases);
}

Hello Hello::decode(ByteReader& in) {
    Hello message;
    message.lowest_version = in.u16();
    message.highest_version = in.u16();
    message.stream = wire::read_name<StreamNameTag>(in);
    message.agent = wire::read_name<AgentNameTag>(in);
    message.epoch = wire::read_number<EpochTag>(in);
    message.session_id = wire::read_id(in);
    message.boot_id = wire::read_id(in);
    message.lane = read_lane_kind(in);
    message.bulk_index = in.u16();
    message.bulk_lanes = in.u16();
    if (in.boolean()) {
        message.database = wire::read_name<SourceNameTag>(in);
    }
    message.trees = wire::read_names(in);
    message.databases = wire::read_names(in);
    check_lane(message);
    return message;
}

void Welcome::encode(ByteWriter& out) const {
    out.u16(version);
    wire::write(out, agent);
    wire::write(out, epoch);
    wire::write_id(out, boot_id);
    wire::write(out, received_cut);
    wire::write_id(out, received_identity);
    wire::write(out, applied_cut);
    wire::write(out, received_mark);
    wire::write(out, applied_mark);
    out.boolean(received_mark_digest.has_value());
    if (received_mark_digest) {
        wire::write(out, *received_mark_digest);
    }
    wire::write_map(out, databases, [&out](const DatabaseStanding& standing) {
        out.boolean(standing.copied);
        wire::write(out, standing.received);
        out.bytes(standing.system_identifier).u32(standing.timeline);
        wire::write(out, standing.whole_from);
    });
    wire::write_map(out, begun, [&out](const std::vector<Digest>& paths) {
        FARSHORE_ASSERT(paths.size() <= limits::begun_contents);
        out.u32(static_cast<std::uint32_t>(paths.size()));
        for (const Digest& path : paths) {
            wire::write(out, path);
        }
    });
}

Welcome Welcome::decode(ByteReader& in) {
    Welcome message;
    message.version = in.u16();
    message.agent = wire::read_name<AgentNameTag>(in);
    message.epoch = wire::read_number<EpochTag>(in);
    message.boot_id = wire::read_id(in);
    message.received_cut = wire::read_number<CutTag>(in);
    message.received_identity = wire::read_id(in);
    message.applied_cut = wire::read_number<CutTag>(in);
    message.received_mark = wire::read_number<MarkTag>(in);
    message.applied_mark = wire::read_number<MarkTag>(in);
    if (in.boolean()) {
        message.received_mark_digest = wire::read_digest(in);
    }
    message.databases = wire::read_map<DatabaseStanding>(in, standing_min_bytes,
                                                         [&in] { return read_standing(in); });
    message.begun = wire::read_map<std::vector<Digest>>(in, 4, [&in] {
        std::vector<Digest> paths(
            wire::read_count(in, sizeof(Digest::bytes), limits::begun_contents));
        for (Digest& path : paths) {
            path = wire::read_digest(in);
        }
        return paths;
    });
    return message;
}

void Refusal::encode(ByteWriter& out) const {
    write_error_code(out, code);
    wire::write_text(out, message);
}

Refusal Refusal::decode(ByteReader& in) {
    Refusal refusal;
    refusal.code = read_error_code(in);
    refusal.message = wire::read_text(in);
    return refusal;
}

void Goodbye::encode(ByteWriter& out) const {
    wire::write_text(out, reason);
}

Goodbye Goodbye::decode(ByteReader& in) {
    return {wire::read_text(in)};
}

void Ping::encode(ByteWriter& out) const {
    out.u64(number);
    wire::write(out, sent);
}

Ping Ping::decode(ByteReader& in) {
    Ping message;
    message.number = in.u64();
    message.sent = wire::read_boot_time(in);
    return message;
}

void Pong::encode(ByteWriter& out) const {
    out.u64(number);
    wire::write(out, sent);
    wire::write(out, received);
    wire::write(out, answered);
    out.i64(answered_utc.nanoseconds);
    out.boolean(utc_error.has_value());
    if (utc_error) {
        out.i64(utc_error->nanoseconds);
    }
}

Pong Pong::decode(ByteReader& in) {
    Pong message;
    message.number = in.u64();
    message.sent = wire::read_boot_time(in);
    message.received = wire::read_boot_time(in);
    message.answered = wire::read_boot_time(in);
    message.answered_utc.nanoseconds = in.i64();
    if (in.boolean()) {
        message.utc_error = Duration{in.i64()};
    }
    return message;
}

void EvidenceObject::encode(ByteWriter& out) const {
    FARSHORE_ASSERT(bytes.size() <= limits::payload_piece && key.size() <= evidence_key_bytes);
    out.bytes(key).bytes(bytes).u64(offset).boolean(last);
}

EvidenceObject EvidenceObject::decode(ByteReader& in) {
    EvidenceObject message;
    message.key = in.bytes(evidence_key_bytes);
    message.bytes = in.bytes(limits::payload_piece);
    message.offset = in.u64();
    if (message.offset > limits::evidence_object - message.bytes.size()) {
        throw Error(ErrorCode::malformed, "an evidence object is over its limit");
    }
    message.last = in.boolean();
    return message;
}

PeerState PeerState::of(std::string source, const std::optional<Error>& fault) {
    if (!fault) {
        return {"streaming", std::nullopt, "", std::move(source)};
    }
    return {"stopped", fault->code(), fault->message(), std::move(source)};
}

std::optional<Error> PeerState::fault() const {
    if (state != "stopped") {
        return std::nullopt;
    }
    return Error(error.value_or(ErrorCode::unsupported), reason);
}

void PeerState::encode(ByteWriter& out) const {
    out.bytes(state);
    out.boolean(error.has_value());
    if (error) {
        write_error_code(out, *error);
    }
    wire::write_text(out, reason);
    out.bytes(source);
}

PeerState PeerState::decode(ByteReader& in) {
    PeerState message;
    message.state = in.bytes(word_bytes);
    if (in.boolean()) {
        message.error = read_error_code(in);
    }
    message.reason = wire::read_text(in);
    message.source = in.bytes(wire::name_bytes);
    return message;
}

void Request::encode(ByteWriter& out) const {
    out.u64(number).bytes(verb).bytes(json);
}

Request Request::decode(ByteReader& in) {
    Request message;
    message.number = in.u64();
    message.verb = in.bytes(verb_bytes);
    message.json = in.bytes(limits::frame_body);
    return message;
}

void Reply::encode(ByteWriter& out) const {
    out.u64(number).boolean(last);
    out.boolean(error.has_value());
    if (error) {
        write_error_code(out, *error);
    }
    out.bytes(json);
}

Reply Reply::decode(ByteReader& in) {
    Reply message;
    message.number = in.u64();
    message.last = in.boolean();
    if (in.boolean()) {
        message.error = read_error_code(in);
    }
    message.json = in.bytes(limits::frame_body);
    return message;
}

}  // namespace farshore
