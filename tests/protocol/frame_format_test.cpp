#include "protocol/frame_format.hpp"

#include <gtest/gtest.h>

namespace farshore {
namespace {

TEST(FrameFormat, AHeaderComesBack) {
    const FrameHeader header{MessageKind::copy_data, true, 10, 20, 0x1234567890abcdef};
    const std::string bytes = write_frame_header(header);
    ASSERT_EQ(bytes.size(), frame_format::header_bytes);
    const FrameHeader read = read_frame_header(bytes).value();
    EXPECT_EQ(read.kind, header.kind);
    EXPECT_TRUE(read.compressed);
    EXPECT_EQ(read.wire_bytes, 10U);
    EXPECT_EQ(read.body_bytes, 20U);
    EXPECT_EQ(read.checksum, header.checksum);
}

TEST(FrameFormat, KindsThatWereGivenOut) {
    std::string known;
    for (int number = 0; number < 256; ++number) {
        if (is_known_kind(static_cast<std::uint8_t>(number))) {
            known += std::to_string(number) + " ";
        }
    }
    EXPECT_EQ(known,
              "1 2 3 4 8 9 10 11 12 13 16 17 18 19 20 21 22 23 32 33 34 35 36 "
              "37 38 39 40 41 47 "
              "48 49 50 51 52 53 54 55 56 57 58 59 ");
}

}  // namespace
}  // namespace farshore
