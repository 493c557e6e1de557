#include "protocol/bytes.hpp"

#include <gtest/gtest.h>

namespace farshore {
namespace {

TEST(Bytes, AreLittleEndian) {
    ByteWriter out;
    out.u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).boolean(true).bytes("ab");
    EXPECT_EQ(out.str(), std::string("\x01\x03\x02\x07\x06\x05\x04\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
                                     "\x01\x02\x00\x00\x00"
                                     "ab",
                                     22));
}

TEST(Bytes, RoundTrip) {
    ByteWriter out;
    out.u8(255)
        .u16(65535)
        .u32(UINT32_MAX)
        .u64(UINT64_MAX)
        .i64(-2)
        .boolean(false)
        .bytes("")
        .raw("x");
    ByteReader in(out.str());
    EXPECT_EQ(in.u8(), 255);
    EXPECT_EQ(in.u16(), 65535);
    EXPECT_EQ(in.u32(), UINT32_MAX);
    EXPECT_EQ(in.u64(), UINT64_MAX);
    EXPECT_EQ(in.i64(), -2);
    EXPECT_FALSE(in.boolean());
    EXPECT_EQ(in.bytes(0), "");
    EXPECT_THROW(in.finish(), Error);
    EXPECT_EQ(in.remaining(), 1U);
    EXPECT_EQ(in.raw(1), "x");
    in.finish();
}

TEST(Bytes, WhatIsNotThereIsMalformed) {
    EXPECT_THROW((void)ByteReader("").u8(), Error);
    EXPECT_THROW((void)ByteReader("x").u16(), Error);
    EXPECT_THROW((void)ByteReader("xyz").u32(), Error);
    EXPECT_THROW((void)ByteReader("xyzabcd").u64(), Error);
    EXPECT_THROW((void)ByteReader("\x02").boolean(), Error);
    EXPECT_THROW((void)ByteReader(std::string_view("\x03\0\0\0ab", 6)).bytes(10), Error);
    EXPECT_THROW((void)ByteReader(std::string_view("\x03\0\0\0abc", 7)).bytes(2), Error);
}

TEST(Bytes, CountsAreHeldToWhatIsLeft) {
    EXPECT_EQ(ByteReader(std::string_view("\x02\0\0\0abcd", 8)).count(2), 2U);
    EXPECT_THROW((void)ByteReader(std::string_view("\x03\0\0\0abcd", 8)).count(2), Error);
    EXPECT_THROW((void)ByteReader("\xff\xff\xff\xff").count(1'000'000), Error);
}

}  // namespace
}  // namespace farshore
