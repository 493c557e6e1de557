#include "agent/primary/bandwidth_limit.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

class HandClock final : public Clock {
  public:
    ClockReading read() override { return {}; }
    BootTime boot_now() override { return now; }
    Timestamp utc_now() override { return {}; }
    std::string boot_id() override { return std::string(16, 'b'); }
    BootTime now{1'000'000'000'000};
};

constexpr std::uint64_t rate = 10'000'000;

// Sends `frame` bytes whenever it may, for `seconds`; how many went out.
double send_for(HandClock& clock, BandwidthLimit& limit, int seconds, std::uint64_t frame,
                Urgency urgency) {
    const BootTime end = clock.now + Duration::from_ms(seconds * 1'000);
    double sent = 0;
    while (clock.now < end) {
        const Duration wait = limit.wait(urgency);
        if (wait.nanoseconds > 0) {
            clock.now = clock.now + wait;
            continue;
        }
        limit.sent(frame);
        sent += static_cast<double>(frame);
    }
    return sent;
}

TEST(BandwidthLimit, HoldsWithinFivePercent) {
    HandClock clock;
    BandwidthLimit limit(clock, rate);
    for (const std::uint64_t frame : {100U, 4'096U, 262'144U}) {
        EXPECT_NEAR(send_for(clock, limit, 10, frame, Urgency::large), 10.0 * rate, 0.5 * rate);
    }
    // After a pause no more than usual.
    clock.now = clock.now + Duration::from_ms(3'600'000);
    EXPECT_NEAR(send_for(clock, limit, 2, 262'144, Urgency::large), 2.0 * rate, 0.1 * rate);
}

TEST(BandwidthLimit, SmallFilesGoBeforeLargeOnesAndBothHoldIt) {
    HandClock clock;
    BandwidthLimit limit(clock, rate);
    (void)send_for(clock, limit, 1, 262'144, Urgency::large);
    limit.sent(262'144);  // a large one has just gone
    EXPECT_EQ(limit.wait(Urgency::small), Duration{});
    EXPECT_GT(limit.wait(Urgency::large), Duration{});
    EXPECT_NEAR(send_for(clock, limit, 10, 4'096, Urgency::small), 10.0 * rate, 0.5 * rate);
    // As many small ones as fit leave no room for others.
    EXPECT_GT(limit.wait(Urgency::large), Duration::from_ms(100));
}

TEST(BandwidthLimit, WithoutOneNobodyWaits) {
    HandClock clock;
    BandwidthLimit limit(clock, 0);
    limit.sent(1'000'000'000'000);
    EXPECT_EQ(limit.wait(Urgency::large), Duration{});
}

}  // namespace
}  // namespace farshore::primary
