#pragma once
// Bounds-checked reading and writing of bytes: little-endian integers, length-prefixed strings.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace farshore {

class ByteWriter {
  public:
    ByteWriter& u8(std::uint8_t value);
    ByteWriter& u16(std::uint16_t value);
    ByteWriter& u32(std::uint32_t value);
    ByteWriter& u64(std::uint64_t value);
    ByteWriter& i64(std::int64_t value);
    ByteWriter& boolean(bool value) { return u8(value ? 1 : 0); }
    // u32 length, then the bytes.
    ByteWriter& bytes(std::string_view value);
    // The bytes alone.
    ByteWriter& raw(std::string_view value);

    [[nodiscard]] const std::string& str() const { return out_; }
    [[nodiscard]] std::string take() { return std::move(out_); }
    [[nodiscard]] std::size_t size() const { return out_.size(); }

  private:
    std::string out_;
};

// Each call returns the value, or throws Error(malformed) when the input ends before it or a length
// is over its limit. Decoders catch that once, at their top, and hand out a Result.
class ByteReader {
  public:
    explicit ByteReader(std::string_view in) : in_(in) {}

    [[nodiscard]] std::uint8_t u8();
    [[nodiscard]] std::uint16_t u16();
    [[nodiscard]] std::uint32_t u32();
    [[nodiscard]] std::uint64_t u64();
    [[nodiscard]] std::int64_t i64();
    [[nodiscard]] bool boolean();  // 0 or 1, nothing else
    [[nodiscard]] std::string_view bytes(std::size_t limit);
    [[nodiscard]] std::string_view raw(std::size_t count);
    // A count of items of which each takes at least `item_bytes` of what is left: a hostile count
    // can't make us reserve more than the input could hold.
    [[nodiscard]] std::uint32_t count(std::size_t item_bytes);

    [[nodiscard]] std::size_t remaining() const { return in_.size(); }
    // Throws Error(malformed) when something is left.
    void finish() const;

  private:
    std::string_view in_;
};

}  // namespace farshore
