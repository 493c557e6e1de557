#include "protocol/frame_format.hpp"

#include <xxhash.h>

#include "protocol/bytes.hpp"

namespace farshore {

namespace {

std::string length_text(const FrameHeader& header) {
    return std::to_string(header.wire_bytes) + " bytes on the wire, " +
           std::to_string(header.body_bytes) + " uncompressed";
}

Result<FrameHeader> check_lengths(FrameHeader header) {
    if (header.wire_bytes > limits::frame_body || header.body_bytes > limits::frame_body) {
        return Error(ErrorCode::too_large, "a frame of " + length_text(header) + ": the limit is " +
                                               std::to_string(limits::frame_body));
    }
    // A body is compressed only when that makes it smaller.
    const bool fits = header.compressed ? header.wire_bytes < header.body_bytes
                                        : header.wire_bytes == header.body_bytes;
    if (!fits) {
        return Error(ErrorCode::malformed, "a frame of " + length_text(header));
    }
    return header;
}

}  // namespace

std::uint64_t frame_checksum(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

bool is_known_kind(std::uint8_t number) {
    const auto within = [number](MessageKind first, MessageKind last) {
        return number >= static_cast<std::uint8_t>(first) &&
               number <= static_cast<std::uint8_t>(last);
    };
    using enum MessageKind;
    return within(hello, goodbye) || within(ping, reply) || within(cut_begin, cut_mark) ||
           within(content_whole, piece_patch) || within(content_pack, content_pack) ||
           within(database_changes, database_timeline);
}

std::string write_frame_header(const FrameHeader& header) {
    ByteWriter out;
    out.u8(frame_format::magic).u8(frame_format::version);
    out.u8(static_cast<std::uint8_t>(header.kind));
    out.u8(header.compressed ? frame_format::flag_zstd : 0);
    out.u32(header.wire_bytes).u32(header.body_bytes).u32(0).u64(header.checksum);
    out.u64(frame_checksum(out.str()));
    FARSHORE_ASSERT(out.size() == frame_format::header_bytes);
    return out.take();
}

Result<FrameHeader> read_frame_header(std::string_view bytes) {
    FARSHORE_ASSERT(bytes.size() == frame_format::header_bytes);
    ByteReader in(bytes);
    if (in.u8() != frame_format::magic) {
        return Error(ErrorCode::malformed, "what arrives is not a frame: no farshore at that end?");
    }
    const std::uint8_t version = in.u8();
    const std::uint8_t kind = in.u8();
    const std::uint8_t flags = in.u8();
    FrameHeader header;
    header.wire_bytes = in.u32();
    header.body_bytes = in.u32();
    const std::uint32_t zero = in.u32();
    header.checksum = in.u64();
    if (in.u64() != frame_checksum(bytes.substr(0, frame_format::checked_bytes))) {
        return Error(ErrorCode::bad_checksum, "a frame's header was altered on the way");
    }
    if (version != frame_format::version) {
        return Error(ErrorCode::bad_version, "a frame of layout " + std::to_string(version) +
                                                 ": this build knows " +
                                                 std::to_string(frame_format::version));
    }
    if (!is_known_kind(kind) || (flags & ~frame_format::known_flags) != 0 || zero != 0) {
        return Error(ErrorCode::malformed, "a frame of kind " + std::to_string(kind) +
                                               " with flags " + std::to_string(flags));
    }
    header.kind = static_cast<MessageKind>(kind);
    header.compressed = (flags & frame_format::flag_zstd) != 0;
    return check_lengths(header);
}

}  // namespace farshore
