#pragma once
// The frame's header, byte for byte (WIRE.md, "Frames"). Writer and reader both include this.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/frame.hpp"
#include "protocol/limits.hpp"

namespace farshore::frame_format {

//  0  u8   magic 0xF5
//  1  u8   version of this layout
//  2  u8   kind
//  3  u8   flags
//  4  u32  bytes of the body as they follow on the wire
//  8  u32  bytes of the body uncompressed
// 12  u32  0
// 16  u64  XXH3-64 of the body as it is on the wire
// 24  u64  XXH3-64 of the 24 bytes before
constexpr std::uint8_t magic = 0xF5;
constexpr std::uint8_t version = 1;
constexpr std::size_t header_bytes = 32;
constexpr std::size_t checked_bytes = 24;  // what the header's own checksum covers

constexpr std::uint8_t flag_zstd = 0x01;
constexpr std::uint8_t known_flags = flag_zstd;

static_assert(header_bytes == 4 + 3 * sizeof(std::uint32_t) + 2 * sizeof(std::uint64_t));
static_assert(checked_bytes + sizeof(std::uint64_t) == header_bytes);
static_assert(limits::frame_body <= UINT32_MAX, "a body's length fits its field");

}  // namespace farshore::frame_format

namespace farshore {

struct FrameHeader {
    MessageKind kind = MessageKind::refusal;
    bool compressed = false;
    std::uint32_t wire_bytes = 0;
    std::uint32_t body_bytes = 0;
    std::uint64_t checksum = 0;
};

[[nodiscard]] std::string write_frame_header(const FrameHeader& header);
// `bytes` are header_bytes long. Errors: malformed (not a frame of ours, an unknown kind or flag,
// lengths that don't fit each other), bad_version, bad_checksum, too_large. Nothing of the header
// is believed before its checksum was.
[[nodiscard]] Result<FrameHeader> read_frame_header(std::string_view bytes);
[[nodiscard]] std::uint64_t frame_checksum(std::string_view bytes);
[[nodiscard]] bool is_known_kind(std::uint8_t number);

}  // namespace farshore
