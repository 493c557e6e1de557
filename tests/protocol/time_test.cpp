#include "protocol/time.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace farshore {
namespace {

TEST(Time, WritesNineDigits) {
    EXPECT_EQ(to_rfc3339({0}), "1970-01-01T00:00:00.000000000Z");
    EXPECT_EQ(to_rfc3339({1'795'373'089'123'456'789}), "2026-11-22T18:44:49.123456789Z");
    EXPECT_EQ(to_rfc3339({-1}), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(to_rfc3339({std::numeric_limits<std::int64_t>::min()}),
              "1677-09-21T00:12:43.145224192Z");
    EXPECT_EQ(to_rfc3339({std::numeric_limits<std::int64_t>::max()}),
              "2262-04-11T23:47:16.854775807Z");
}

TEST(Time, ReadsOffsetsAndShortFractions) {
    const std::int64_t second = 1'795'373'089'000'000'000;
    EXPECT_EQ(parse_rfc3339("2026-11-22T18:44:49Z")->nanoseconds, second);
    EXPECT_EQ(parse_rfc3339("2026-11-22t18:44:49z")->nanoseconds, second);
    EXPECT_EQ(parse_rfc3339("2026-11-22T20:44:49+02:00")->nanoseconds, second);
    EXPECT_EQ(parse_rfc3339("2026-11-22T13:14:49-05:30")->nanoseconds, second);
    EXPECT_EQ(parse_rfc3339("2026-11-22T18:44:49.5Z")->nanoseconds, second + 500'000'000);
    EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z").has_value(), true);
}

TEST(Time, RefusesWhatIsNotATime) {
    for (const char* text : {"",
                             "2026",
                             "2026-11-22",
                             "2026-11-22 18:44:49Z",
                             "2026-11-22T18:44:49",
                             "2026-11-22T18:44:49.Z",
                             "2026-11-22T18:44:49.1234567890Z",
                             "2026-13-01T00:00:00Z",
                             "2026-00-01T00:00:00Z",
                             "2026-02-29T00:00:00Z",
                             "2026-04-31T00:00:00Z",
                             "2026-11-22T24:00:00Z",
                             "2026-11-22T18:60:00Z",
                             "2026-11-22T18:44:60Z",
                             "2026-11-22T18:44:49+24:00",
                             "2026-11-22T18:44:49Zx",
                             "0000-01-01T00:00:00Z",
                             "9999-12-31T23:59:59Z",
                             "1600-01-01T00:00:00Z",
                             "-026-11-22T18:44:49Z",
                             "2026-11-22T18:44:49+2:00"}) {
        EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
    }
}

TEST(Time, RoundTripsAnyInstant) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const Timestamp time{static_cast<std::int64_t>(random())};
        ASSERT_EQ(parse_rfc3339(to_rfc3339(time)), time) << time.nanoseconds;
    }
}

TEST(Time, RoundTripsAnyFileTime) {
    std::mt19937_64 random(2);
    for (int i = 0; i < 20'000; ++i) {
        const FileTime time{static_cast<std::int64_t>(random()) >> (random() % 64),
                            static_cast<std::uint32_t>(random() % 1'000'000'000)};
        ASSERT_EQ(parse_evidence_text(to_evidence_text(time)), time) << time.seconds;
    }
}

TEST(Time, WritesFileTimesBeyondTheCalendarAsNanoseconds) {
    EXPECT_EQ(to_evidence_text({-62'135'596'800, 5}), "0001-01-01T00:00:00.000000005Z");
    EXPECT_EQ(to_evidence_text({253'402'300'799, 999'999'999}), "9999-12-31T23:59:59.999999999Z");
    EXPECT_EQ(to_evidence_text({253'402'300'800, 0}), "253402300800000000000");
    EXPECT_EQ(to_evidence_text({-62'135'596'801, 999'999'999}), "-62135596800000000001");
    EXPECT_EQ(to_evidence_text({std::numeric_limits<std::int64_t>::min(), 999'999'999}),
              "-9223372036854775807000000001");
}

TEST(Time, EachFileTimeHasOneText) {
    for (const char* text :
         {"0", "1", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000000z",
          "+253402300800000000000", "0253402300800000000000", "-0", "99999999999999999999999999999",
          "9223372036854775808000000000", "253402300800000000000 "}) {
        EXPECT_FALSE(parse_evidence_text(text).has_value()) << text;
    }
}

TEST(Duration, SecondsOfAnySizeAreADuration) {
    EXPECT_EQ(Duration::from_seconds(1.5), Duration{1'500'000'000});
    EXPECT_EQ(Duration::from_seconds(-0.25), Duration{-250'000'000});
    const Duration longest = Duration::from_seconds(1e300);
    EXPECT_GT(longest, Duration::from_seconds(3e9));
    EXPECT_EQ(Duration::from_seconds(-1e300), Duration{-longest.nanoseconds});
    EXPECT_GT(Timestamp{1'800'000'000'000'000'000} + longest, Timestamp{});
    EXPECT_EQ(Duration::from_seconds(std::numeric_limits<double>::infinity()), longest);
    EXPECT_EQ(Duration::from_seconds(std::numeric_limits<double>::quiet_NaN()), Duration{});
}

}  // namespace
}  // namespace farshore
