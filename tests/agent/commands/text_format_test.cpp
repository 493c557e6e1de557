#include "agent/commands/text_format.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace farshore::commands {
namespace {

namespace json = boost::json;

TEST(TextFormat, Seconds) {
    EXPECT_EQ(seconds_text(std::nullopt), "unknown");
    EXPECT_EQ(seconds_text(0), "0 ms");
    EXPECT_EQ(seconds_text(0.002), "2 ms");
    EXPECT_EQ(seconds_text(0.84), "0.84 s");
    EXPECT_EQ(seconds_text(30), "30.00 s");
    EXPECT_EQ(seconds_text(200), "3 min 20 s");
    EXPECT_EQ(seconds_text(7'260), "2 h 1 min");
    EXPECT_EQ(seconds_text(187'200), "2 d 4 h");
    EXPECT_EQ(seconds_text(-1.5), "-1.5 s");
}

TEST(TextFormat, Bytes) {
    EXPECT_EQ(bytes_text(std::nullopt), "unknown");
    EXPECT_EQ(bytes_text(0), "0 B");
    EXPECT_EQ(bytes_text(999), "999 B");
    EXPECT_EQ(bytes_text(12'345'678), "12.3 MB");
    EXPECT_EQ(bytes_text(999'960), "1.0 MB");
}

TEST(TextFormat, CountsAndTimes) {
    EXPECT_EQ(count_text(1, "file", "files"), "1 file");
    EXPECT_EQ(count_text(0, "file", "files"), "0 files");
    EXPECT_EQ(count_text(std::nullopt, "file", "files"), "unknown files");
    EXPECT_EQ(time_text("2026-11-22T18:44:49.123456789Z"), "2026-11-22 18:44:49Z");
    EXPECT_EQ(time_text("-"), "-");
}

TEST(TextFormat, NamesOfFilesSpeakToNoTerminalAndBeginNoLine) {
    const json::value object = json::object{{"path", "a\nfaults: none\x1b[2J\x7f"}};
    EXPECT_EQ(text(object, "path"), "a\\x0afaults: none\\x1b[2J\\x7f");
}

TEST(TextFormat, MembersThatAreNotThereAreUnknown) {
    const json::value object = json::object{{"a", nullptr}, {"b", 1.5}, {"c", "x"}};
    EXPECT_EQ(text(object, "a"), "-");
    EXPECT_EQ(text(object, "b"), "1.5");
    EXPECT_EQ(text(object, "c"), "x");
    EXPECT_EQ(text(object, "d"), "-");
    EXPECT_FALSE(number(object, "a").has_value());
    EXPECT_FALSE(number(json::value(3), "a").has_value());
    EXPECT_TRUE(list(object, "c").empty());
}

}  // namespace
}  // namespace farshore::commands
