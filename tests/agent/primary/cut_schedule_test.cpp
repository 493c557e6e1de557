#include "agent/primary/cut_schedule.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

constexpr Duration mark_interval = Duration::from_ms(10'000);
constexpr Duration min_cut_interval = Duration::from_ms(200);

BootTime at_ms(std::int64_t ms) {
    return BootTime{} + Duration::from_ms(ms);
}

// A mark was taken at 0.
CutSchedule started() {
    CutSchedule schedule(mark_interval, min_cut_interval);
    schedule.taken(at_ms(0), true);
    return schedule;
}

TEST(CutSchedule, TheFirstCutIsAMarkEvenWithoutAChangeOrASession) {
    const CutSchedule schedule(mark_interval, min_cut_interval);
    const auto decision = schedule.decide({.now = at_ms(0), .previous_received = false});
    EXPECT_TRUE(decision.take);
    EXPECT_TRUE(decision.as_mark);
}

TEST(CutSchedule, WithoutAChangeItWaitsForTheMark) {
    const auto decision = started().decide({.now = at_ms(4'000)});
    EXPECT_FALSE(decision.take);
    EXPECT_EQ(decision.wait, Duration::from_ms(6'000));
}

TEST(CutSchedule, AChangeIsCutAfterTheMinimumIntervalAndNotBefore) {
    const CutSchedule schedule = started();
    const auto early = schedule.decide({.now = at_ms(150), .changed = true});
    EXPECT_FALSE(early.take);
    EXPECT_EQ(early.wait, Duration::from_ms(50));
    const auto due = schedule.decide({.now = at_ms(200), .changed = true});
    EXPECT_TRUE(due.take);
    EXPECT_FALSE(due.as_mark);
}

TEST(CutSchedule, UnderLoadTheNextCutWaitsForThePreviousOneButAMarkDoesNot) {
    const CutSchedule schedule = started();
    const auto loaded =
        schedule.decide({.now = at_ms(9'000), .changed = true, .previous_received = false});
    EXPECT_FALSE(loaded.take);
    EXPECT_EQ(loaded.wait, Duration::from_ms(1'000));
    const auto mark =
        schedule.decide({.now = at_ms(10'000), .changed = true, .previous_received = false});
    EXPECT_TRUE(mark.take);
    EXPECT_TRUE(mark.as_mark);
}

TEST(CutSchedule, ADemandedMarkWaitsForNothing) {
    const auto decision =
        started().decide({.now = at_ms(1), .mark_demanded = true, .previous_received = false});
    EXPECT_TRUE(decision.take);
    EXPECT_TRUE(decision.as_mark);
}

TEST(CutSchedule, CutsBetweenMarksDoNotPutOffTheNextMark) {
    CutSchedule schedule = started();
    schedule.taken(at_ms(9'900), false);
    const auto before = schedule.decide({.now = at_ms(9'950), .changed = true});
    EXPECT_FALSE(before.take);
    EXPECT_EQ(before.wait, Duration::from_ms(50));  // the mark is due before the next cut is
    EXPECT_TRUE(schedule.decide({.now = at_ms(10'000)}).as_mark);
}

}  // namespace
}  // namespace farshore::primary
