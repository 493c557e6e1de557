#include "protocol/bytes.hpp"

namespace farshore {

namespace {

template <typename T>
void append_little_endian(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        out.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
    }
}

template <typename T>
T read_little_endian(std::string_view bytes) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(value |
                               (static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i)));
    }
    return value;
}

}  // namespace

ByteWriter& ByteWriter::u8(std::uint8_t value) {
    out_.push_back(static_cast<char>(value));
    return *this;
}

ByteWriter& ByteWriter::u16(std::uint16_t value) {
    return u8(static_cast<std::uint8_t>(value & 0xffU)).u8(static_cast<std::uint8_t>(value >> 8));
}

ByteWriter& ByteWriter::u32(std::uint32_t value) {
    append_little_endian(out_, value);
    return *this;
}

ByteWriter& ByteWriter::u64(std::uint64_t value) {
    append_little_endian(out_, value);
    return *this;
}

ByteWriter& ByteWriter::i64(std::int64_t value) {
    return u64(static_cast<std::uint64_t>(value));
}

ByteWriter& ByteWriter::bytes(std::string_view value) {
    FARSHORE_ASSERT(value.size() <= UINT32_MAX);
    u32(static_cast<std::uint32_t>(value.size()));
    return raw(value);
}

ByteWriter& ByteWriter::raw(std::string_view value) {
    out_.append(value);
    return *this;
}

std::string_view ByteReader::raw(std::size_t count) {
    if (count > in_.size()) {
        throw Error(ErrorCode::malformed, "input ends in the middle of a value");
    }
    const std::string_view value = in_.substr(0, count);
    in_.remove_prefix(count);
    return value;
}

std::uint8_t ByteReader::u8() {
    return static_cast<std::uint8_t>(raw(1)[0]);
}

std::uint16_t ByteReader::u16() {
    const std::string_view two = raw(2);
    return static_cast<std::uint16_t>(static_cast<unsigned char>(two[0]) |
                                      (static_cast<unsigned char>(two[1]) << 8));
}

std::uint32_t ByteReader::u32() {
    return read_little_endian<std::uint32_t>(raw(4));
}

std::uint64_t ByteReader::u64() {
    return read_little_endian<std::uint64_t>(raw(8));
}

std::int64_t ByteReader::i64() {
    return static_cast<std::int64_t>(u64());
}

bool ByteReader::boolean() {
    const std::uint8_t value = u8();
    if (value > 1) {
        throw Error(ErrorCode::malformed, "a boolean is neither 0 nor 1");
    }
    return value == 1;
}

std::string_view ByteReader::bytes(std::size_t limit) {
    const std::uint32_t length = u32();
    if (length > limit) {
        throw Error(ErrorCode::malformed, "a length of " + std::to_string(length) +
                                              " is over its limit of " + std::to_string(limit));
    }
    return raw(length);
}

std::uint32_t ByteReader::count(std::size_t item_bytes) {
    const std::uint32_t value = u32();
    if (item_bytes * value > in_.size()) {
        throw Error(ErrorCode::malformed,
                    "a count of " + std::to_string(value) + " items can't be in what is left");
    }
    return value;
}

void ByteReader::finish() const {
    if (!in_.empty()) {
        throw Error(ErrorCode::malformed,
                    std::to_string(in_.size()) + " bytes are left over after the last value");
    }
}

}  // namespace farshore
