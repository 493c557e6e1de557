#pragma once
// The frame: what a lane carries. WIRE.md has the layout byte for byte.

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace farshore {

// What a frame's body is. Numbers are never given out again.
enum class MessageKind : std::uint8_t {
    // every lane, first frames of a connection (message_session.hpp)
    hello = 1,
    welcome = 2,
    refusal = 3,
    goodbye = 4,
    // control lane
    ping = 8,
    pong = 9,
    evidence_object = 10,
    peer_state = 11,
    request = 12,  // an operator's wish at the other end: flush, publish, verify
    reply = 13,
    // control lane: cuts (message_cut.hpp)
    cut_begin = 16,
    cut_entries = 17,
    cut_end = 18,
    content_wanted = 19,
    content_sent = 20,
    received = 21,
    applied = 22,
    cut_mark = 23,
    // bulk lanes (message_content.hpp)
    content_whole = 32,
    content_begin = 33,
    content_data = 34,
    content_end = 35,
    content_abort = 36,
    // bulk lanes: recipes (message_recipe.hpp)
    recipe_begin = 37,
    recipe_chunks = 38,
    recipe_end = 39,
    pieces_wanted = 40,
    piece_patch = 41,
    content_pack = 47,  // message_pack.hpp
    // database lanes (message_database.hpp)
    database_changes = 48,
    database_position = 49,
    copy_begin = 50,
    copy_schema = 51,
    copy_table = 52,
    copy_data = 53,
    copy_table_end = 54,
    copy_end = 55,
    copy_result = 56,
    copy_standing = 57,
    copy_needed = 58,
    database_timeline = 59,
};

struct Frame {
    MessageKind kind = MessageKind::refusal;
    std::string body;  // uncompressed
};

// A message type M has: static constexpr MessageKind kind; void encode(ByteWriter&) const;
// static M decode(ByteReader&) (throws Error(malformed)).
template <typename M>
[[nodiscard]] Frame to_frame(const M& message) {
    ByteWriter out;
    message.encode(out);
    FARSHORE_ASSERT(out.size() <= limits::frame_body);
    return {M::kind, out.take()};
}

// Throws Error(malformed) when the frame is of another kind or its body is not an M.
template <typename M>
[[nodiscard]] M from_frame(const Frame& frame) {
    if (frame.kind != M::kind) {
        throw Error(ErrorCode::malformed,
                    "a frame of kind " + std::to_string(static_cast<int>(frame.kind)) +
                        " where kind " + std::to_string(static_cast<int>(M::kind)) + " belongs");
    }
    ByteReader in(frame.body);
    M message = M::decode(in);
    in.finish();
    return message;
}

}  // namespace farshore
