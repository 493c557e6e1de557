#include "storage/spool/record_log_format.hpp"

#include <xxhash.h>

#include <array>

#include "protocol/bytes.hpp"

namespace farshore::storage {

namespace {

constexpr std::size_t checked_header_bytes = 8;  // of a record: what stands before the checksum
constexpr std::string_view segment_suffix = ".log";
constexpr std::size_t segment_digits = 16;

std::uint64_t hash(std::string_view bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint64_t record_checksum(std::string_view header, std::string_view payload,
                              std::uint64_t offset) {
    return hash(payload, hash(header.substr(0, checked_header_bytes), offset));
}

bool is_known_kind(std::uint8_t kind) {
    return kind >= static_cast<std::uint8_t>(RecordKind::changes) &&
           kind <= static_cast<std::uint8_t>(RecordKind::relations);
}

}  // namespace

std::string encode_segment_header(std::uint64_t number) {
    ByteWriter out;
    out.raw(record_log_magic).u16(record_log_version).u16(0).u32(0).u64(number);
    const std::uint64_t checksum = hash(out.str(), 0);
    out.u64(checksum);
    FARSHORE_ASSERT(out.size() == segment_header_bytes);
    return out.take();
}

bool is_segment_header(std::string_view bytes, std::uint64_t number) {
    return bytes == encode_segment_header(number);
}

void encode_record(RecordKind kind, std::string_view payload, std::uint64_t offset,
                   std::string& to) {
    FARSHORE_ASSERT(payload.size() <= record_payload_limit);
    ByteWriter header;
    header.u32(static_cast<std::uint32_t>(payload.size()));
    header.u8(static_cast<std::uint8_t>(kind)).u8(0).u16(0);
    const std::uint64_t checksum = record_checksum(header.str(), payload, offset);
    header.u64(checksum);
    FARSHORE_ASSERT(header.size() == record_header_bytes);
    to.append(header.str());
    to.append(payload);
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes) {
    if (bytes.size() < record_header_bytes) {
        return std::nullopt;
    }
    ByteReader in(bytes.substr(0, record_header_bytes));
    RecordHeader header;
    header.length = in.u32();
    const std::uint8_t kind = in.u8();
    const bool zeros = in.u8() == 0 && in.u16() == 0;
    header.checksum = in.u64();
    if (!zeros || !is_known_kind(kind) || header.length > record_payload_limit) {
        return std::nullopt;
    }
    header.kind = static_cast<RecordKind>(kind);
    return header;
}

bool has_right_checksum(std::string_view record, std::uint64_t offset) {
    const auto header = decode_record_header(record);
    return header && record.size() == record_header_bytes + header->length &&
           header->checksum == record_checksum(record, record.substr(record_header_bytes), offset);
}

std::string segment_name(std::uint64_t number) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string name(segment_digits, '0');
    for (std::size_t i = segment_digits; i > 0; --i) {
        name[i - 1] = digits[number & 0xfU];
        number >>= 4U;
    }
    return name.append(segment_suffix);
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
    if (name.size() != segment_digits + segment_suffix.size() || !name.ends_with(segment_suffix)) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    for (const char digit : name.substr(0, segment_digits)) {
        if (digit >= '0' && digit <= '9') {
            number = (number << 4U) | static_cast<std::uint64_t>(digit - '0');
        } else if (digit >= 'a' && digit <= 'f') {
            number = (number << 4U) | static_cast<std::uint64_t>(digit - 'a' + 10);
        } else {
            return std::nullopt;
        }
    }
    return number;
}

}  // namespace farshore::storage
