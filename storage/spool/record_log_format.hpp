#pragma once
// The bytes of a record log: segments of records (SPOOL.md has an example in hex).
//
//   segment:  8 bytes "farspool" | u16 version | 6 bytes 0 | u64 number | u64 checksum, then
//   records
//             one behind the other. Checksum: XXH3-64 of the 24 bytes before.
//   record:   u32 length of the payload | u8 kind | 3 bytes 0 | u64 checksum | payload.
//             Checksum: XXH3-64 of the payload, seeded with the XXH3-64 of the 8 bytes before the
//             checksum, which is seeded with the record's offset in its segment.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farshore::storage {

constexpr std::string_view record_log_magic = "farspool";
constexpr std::uint16_t record_log_version = 1;
constexpr std::size_t segment_header_bytes = 32;
constexpr std::size_t record_header_bytes = 16;
// A record's payload: a piece from the lane, or all that a session said of its relations.
constexpr std::size_t record_payload_limit = 64ULL << 20;

// Numbers are never given out again.
enum class RecordKind : std::uint8_t {
    changes = 1,  // whole change records (message_database.hpp), one behind the other
    first = 2,    // the beginning of one change record
    middle = 3,
    last = 4,
    relations = 5,  // whole change records: what the session had described before this segment
};

// A place in the log: `offset` bytes into the segment of that number.
struct SpoolPosition {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;

    auto operator<=>(const SpoolPosition&) const = default;
};

struct RecordHeader {
    std::uint32_t length = 0;
    RecordKind kind = RecordKind::changes;
    std::uint64_t checksum = 0;
};

[[nodiscard]] std::string encode_segment_header(std::uint64_t number);
// True for exactly the header of segment `number`.
[[nodiscard]] bool is_segment_header(std::string_view bytes, std::uint64_t number);
// Appends header and payload as they stand at `offset` of a segment.
void encode_record(RecordKind kind, std::string_view payload, std::uint64_t offset,
                   std::string& to);
// nullopt when these bytes can not be a header: unknown kind, bytes that should be 0, a length
// over the limit.
[[nodiscard]] std::optional<RecordHeader> decode_record_header(std::string_view bytes);
// `record` is header and payload, found at `offset`.
[[nodiscard]] bool has_right_checksum(std::string_view record, std::uint64_t offset);

// The name of a segment's file: 16 hexadecimal digits and ".log".
[[nodiscard]] std::string segment_name(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> parse_segment_name(std::string_view name);

}  // namespace farshore::storage
