#include "agent/runtime/system_clock.hpp"

#include <gtest/gtest.h>

namespace farshore::runtime {
namespace {

TEST(SystemClock, BothClocksGoForwardAndAgreeWithOneAnother) {
    SystemClock clock;
    const ClockReading reading = clock.read();
    EXPECT_GE(clock.boot_now(), reading.boot);
    EXPECT_GT(reading.utc, Timestamp{1'700'000'000'000'000'000});
    if (reading.utc_error) {
        EXPECT_GT(reading.utc_error->nanoseconds, 0);
    }
}

TEST(SystemClock, TheBootIdIsTheSameForTheWholeBoot) {
    SystemClock a;
    SystemClock b;
    EXPECT_EQ(a.boot_id().size(), 16U);
    EXPECT_EQ(a.boot_id(), b.boot_id());
}

TEST(UtcError, IsTheKernelsMaximumWhereADaemonSetsIt) {
    EXPECT_EQ(utc_error_of({false, 1'100, 40}), Duration{1'100'000});
}

TEST(UtcError, IsNullWhenUnsynchronised) {
    EXPECT_FALSE(utc_error_of({true, 1'100, 40}).has_value());
}

TEST(UtcError, IsNullWhereTimesyncdWroteZeroes) {
    EXPECT_FALSE(utc_error_of({false, 0, 0}).has_value());
    // The kernel lets the maximum grow from that 0: still no bound.
    EXPECT_FALSE(utc_error_of({false, 16'000, 0}).has_value());
}

}  // namespace
}  // namespace farshore::runtime
