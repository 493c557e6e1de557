#include "agent/session/attestation.hpp"

#include <gtest/gtest.h>

namespace farshore::session {
namespace {

constexpr Duration interval = Duration::from_ms(10'000);
constexpr Timestamp start{1'000'000'000'000'000};

Timestamp after(std::int64_t seconds) {
    return start + Duration::from_ms(seconds * 1'000);
}

UploadFigures waiting() {
    UploadFigures uploads;
    uploads.queued = 1;
    uploads.oldest_queued = start;
    return uploads;
}

TEST(Attestation, ARecordMayWaitThreeIntervals) {
    EXPECT_FALSE(not_attested_since({}, interval, after(3'600)));
    EXPECT_FALSE(not_attested_since(waiting(), interval, after(30)));
    EXPECT_EQ(not_attested_since(waiting(), interval, after(31)), start);
    EXPECT_FALSE(not_attested_since(waiting(), Duration::from_ms(100), after(5)));
    EXPECT_TRUE(not_attested_since(waiting(), Duration::from_ms(100), after(6)));
}

TEST(Attestation, ItBeganWhereTheLastStoredRecordEnded) {
    UploadFigures uploads = waiting();
    uploads.attested = after(-10);
    EXPECT_EQ(not_attested_since(uploads, interval, after(60)), after(-10));
    uploads.attested = after(5);  // a clock that was set back
    EXPECT_EQ(not_attested_since(uploads, interval, after(60)), start);
}

TEST(Attestation, RecordsGrowRarerWhileTheStoreIsAway) {
    EXPECT_EQ(record_interval({}, interval, after(86'400)), interval);
    EXPECT_EQ(record_interval(waiting(), interval, after(60)), interval);
    EXPECT_EQ(record_interval(waiting(), interval, after(800)), Duration::from_ms(100'000));
    EXPECT_EQ(record_interval(waiting(), interval, after(86'400)), Duration::from_ms(600'000));
    const Duration hour = Duration::from_ms(3'600'000);
    EXPECT_EQ(record_interval(waiting(), hour, after(86'400)), hour);
    EXPECT_EQ(record_interval(waiting(), interval, after(-60)), interval);  // a clock set back
}

// What a day without a store costs.
TEST(Attestation, ADayWithoutAStoreMakesABoundedNumberOfRecords) {
    int records = 0;
    for (Timestamp now = start; now < after(86'400);
         now = now + record_interval(waiting(), interval, now)) {
        ++records;
    }
    EXPECT_GT(records, 144);
    EXPECT_LT(records, 200);
}

}  // namespace
}  // namespace farshore::session
