#pragma once
// Makes pgoutput messages as a server would, for the tests of who reads them.

#include <cstdint>
#include <string>
#include <string_view>

namespace farshore::test {

class PgoutputMessage {
  public:
    explicit PgoutputMessage(char tag) : bytes_(1, tag) {}

    PgoutputMessage& u8(std::uint8_t value) { return big_endian(value, 1); }
    PgoutputMessage& u16(std::uint16_t value) { return big_endian(value, 2); }
    PgoutputMessage& u32(std::uint32_t value) { return big_endian(value, 4); }
    PgoutputMessage& u64(std::uint64_t value) { return big_endian(value, 8); }
    PgoutputMessage& tag(char value) { return u8(static_cast<std::uint8_t>(value)); }
    PgoutputMessage& string(std::string_view text) {
        bytes_.append(text).push_back('\0');
        return *this;
    }
    PgoutputMessage& text(std::string_view value) {
        tag('t').u32(static_cast<std::uint32_t>(value.size()));
        bytes_.append(value);
        return *this;
    }
    [[nodiscard]] const std::string& str() const { return bytes_; }

  private:
    PgoutputMessage& big_endian(std::uint64_t value, int count) {
        for (int shift = (count - 1) * 8; shift >= 0; shift -= 8) {
            bytes_.push_back(static_cast<char>((value >> shift) & 0xffU));
        }
        return *this;
    }

    std::string bytes_;
};

inline std::string begin_message(std::uint64_t final_lsn) {
    return PgoutputMessage('B').u64(final_lsn).u64(12345).u32(7).str();
}
inline std::string commit_message(std::uint64_t commit_lsn, std::uint64_t end_lsn) {
    return PgoutputMessage('C').u8(0).u64(commit_lsn).u64(end_lsn).u64(12345).str();
}
// Table public.item (id, name) with key id.
inline std::string relation_message(std::uint32_t id) {
    return PgoutputMessage('R')
        .u32(id)
        .string("public")
        .string("item")
        .tag('d')
        .u16(2)
        .u8(1)
        .string("id")
        .u32(23)
        .u32(0xffffffff)
        .u8(0)
        .string("name")
        .u32(25)
        .u32(0xffffffff)
        .str();
}
inline std::string insert_message(std::uint32_t relation, std::string_view id,
                                  std::string_view name) {
    return PgoutputMessage('I').u32(relation).tag('N').u16(2).text(id).text(name).str();
}

}  // namespace farshore::test
