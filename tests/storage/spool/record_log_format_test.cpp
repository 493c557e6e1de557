#include "storage/spool/record_log_format.hpp"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

using namespace storage;

TEST(RecordLogFormat, Names) {
    EXPECT_EQ(segment_name(0xabc), "0000000000000abc.log");
    EXPECT_EQ(parse_segment_name(segment_name(0xffffffffffffffff)), 0xffffffffffffffff);
    for (const char* name :
         {"", "abc.log", "0000000000000abG.log", "0000000000000abc.lok", "00000000000000abc.log"}) {
        EXPECT_FALSE(parse_segment_name(name)) << name;
    }
}

TEST(RecordLogFormat, RefusesHeadersThatCannotBe) {
    std::string record;
    encode_record(RecordKind::first, "abc", 32, record);
    EXPECT_TRUE(has_right_checksum(record, 32));
    EXPECT_FALSE(has_right_checksum(record, 33));
    EXPECT_FALSE(has_right_checksum(record.substr(0, record.size() - 1), 32));
    EXPECT_EQ(decode_record_header(record)->length, 3U);
    EXPECT_EQ(decode_record_header(record)->kind, RecordKind::first);
    std::string unknown = record;
    unknown[4] = 6;
    EXPECT_FALSE(decode_record_header(unknown));
    std::string too_long = record;
    too_long[3] = 0x7f;
    EXPECT_FALSE(decode_record_header(too_long));
    std::string not_zero = record;
    not_zero[6] = 1;
    EXPECT_FALSE(decode_record_header(not_zero));
    EXPECT_FALSE(decode_record_header("short"));
}

// The hex block of SPOOL.md.
std::string documented_segment() {
    const std::string text = read_whole(FARSHORE_SOURCE_ROOT "/storage/spool/SPOOL.md");
    const std::string fence = "```hex\n";
    const std::size_t begin = text.find(fence) + fence.size();
    const std::string block = text.substr(begin, text.find("```", begin) - begin);
    std::string bytes;
    std::string digits;
    bool in_remark = false;
    for (const char c : block) {
        in_remark = c == '\n' ? false : in_remark || c == '#';
        if (in_remark || c == ' ' || c == '\n') {
            continue;
        }
        digits.push_back(c);
        if (digits.size() == 2) {
            bytes.push_back(static_cast<char>(std::stoi(digits, nullptr, 16)));
            digits.clear();
        }
    }
    return bytes;
}

TEST(RecordLogFormat, IsAsDocumented) {
    std::string expected = encode_segment_header(1);
    encode_record(RecordKind::changes, std::string_view("\x01\0\0\0\x30\x12\0\0\0\0\0\0B", 13),
                  segment_header_bytes, expected);
    EXPECT_EQ(documented_segment(), expected);
    EXPECT_TRUE(is_segment_header(std::string_view(expected).substr(0, 32), 1));
    EXPECT_FALSE(is_segment_header(std::string_view(expected).substr(0, 32), 2));
}

}  // namespace
}  // namespace farshore::test
