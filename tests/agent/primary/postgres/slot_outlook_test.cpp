#include "agent/primary/postgres/slot_outlook.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

BootTime at(std::int64_t seconds) {
    return BootTime{seconds * 1'000'000'000};
}

TEST(LogRate, IsOverTheLastMinute) {
    LogRate rate;
    EXPECT_FALSE(rate.bytes_a_second());
    rate.add(Lsn(1000), at(0));
    EXPECT_FALSE(rate.bytes_a_second());
    rate.add(Lsn(3000), at(10));
    EXPECT_DOUBLE_EQ(rate.bytes_a_second().value(), 200);
    for (int i = 1; i <= 100; ++i) {
        rate.add(Lsn(3000), at(10 + i));  // an idle minute, and more
    }
    EXPECT_DOUBLE_EQ(rate.bytes_a_second().value(), 0);
}

TEST(LogRate, BeginsAnewWhenTheLogWentBack) {
    LogRate rate;
    rate.add(Lsn(5000), at(0));
    rate.add(Lsn(100), at(5));
    EXPECT_FALSE(rate.bytes_a_second());
    rate.add(Lsn(200), at(6));
    EXPECT_DOUBLE_EQ(rate.bytes_a_second().value(), 100);
}

TEST(SlotOutlook, TheNearerLimitCounts) {
    SlotFacts slot;
    slot.exists = true;
    slot.retained_bytes = 400;
    EXPECT_FALSE(time_left(slot, 10));
    slot.limit_bytes = 1000;
    EXPECT_EQ(time_left(slot, 10), Duration::from_ms(60'000));
    slot.safe_wal_bytes = 100;
    EXPECT_EQ(time_left(slot, 10), Duration::from_ms(10'000));
    slot.safe_wal_bytes = -5;
    EXPECT_EQ(time_left(slot, 10), Duration{});
    EXPECT_FALSE(time_left(slot, 0));
    EXPECT_FALSE(time_left(slot, std::nullopt));
}

TEST(SlotOutlook, OverTheLimitOnlyWithOne) {
    SlotFacts slot;
    slot.retained_bytes = 1001;
    slot.exists = true;
    EXPECT_FALSE(is_over_limit(slot));
    slot.limit_bytes = 1000;
    EXPECT_TRUE(is_over_limit(slot));
    slot.retained_bytes = 1000;
    EXPECT_FALSE(is_over_limit(slot));
    slot = {};
    slot.limit_bytes = 1;
    slot.retained_bytes = 2;
    EXPECT_FALSE(is_over_limit(slot));  // there is none
}

}  // namespace
}  // namespace farshore::primary
