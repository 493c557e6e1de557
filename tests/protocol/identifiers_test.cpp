#include "protocol/identifiers.hpp"

#include <gtest/gtest.h>

#include "protocol/error.hpp"

namespace farshore {
namespace {

TEST(Identifiers, PositionsAreWrittenAsPostgresqlDoes) {
    for (std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{0x16B3748}, ~std::uint64_t{0}, std::uint64_t{1} << 32}) {
        Lsn read;
        ASSERT_TRUE(parse_lsn(to_string(Lsn(value)), read));
        EXPECT_EQ(read, Lsn(value));
    }
    EXPECT_EQ(to_string(Lsn(0x16B3748)), "0/16B3748");
    EXPECT_EQ(to_string(Lsn(0x10000000AULL)), "1/A");
    Lsn lsn(5);
    for (const char* text :
         {"", "/", "0/", "/0", "0", "0/0/0", "0/123456789", "g/0", "-1/0", " 0/0"}) {
        EXPECT_FALSE(parse_lsn(text, lsn)) << text;
    }
    EXPECT_EQ(lsn, Lsn(5));
}

TEST(Identifiers, NamesAreChecked) {
    for (const std::string& name :
         {std::string("a"), std::string("A-b_c.9"), std::string(63, 'x')}) {
        EXPECT_TRUE(is_valid_name(name)) << name;
        EXPECT_EQ(StreamName(name).str(), name);
    }
    for (const std::string& name :
         {std::string(), std::string(".a"), std::string("-a"), std::string("_a"),
          std::string("a/b"), std::string("a b"), std::string("\xc3\xa4"), std::string(64, 'x'),
          std::string("a\0b", 3)}) {
        EXPECT_FALSE(is_valid_name(name)) << name;
        try {
            (void)AgentName(name);
            ADD_FAILURE() << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_name);
            EXPECT_NE(error.message().find("agent"), std::string::npos);
        }
    }
}

TEST(Identifiers, NumbersOnlyCompareAndCount) {
    EXPECT_TRUE(Epoch().is_zero());
    EXPECT_EQ(Epoch(1).next(), Epoch(2));
    EXPECT_LT(MarkNumber(1), MarkNumber(2));
    static_assert(!std::is_convertible_v<std::uint64_t, Epoch>);
    static_assert(!std::is_convertible_v<Epoch, MarkNumber>);
}

}  // namespace
}  // namespace farshore
