#include "agent/runtime/retry.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace farshore::runtime {
namespace {

class ManualClock : public Clock {
  public:
    ClockReading read() override { return {{}, now, {}}; }
    BootTime boot_now() override { return now; }
    Timestamp utc_now() override { return {}; }
    std::string boot_id() override { return std::string(16, 'b'); }
    BootTime now;
};

// Does not wait: moves the clock. Stops at the given sleep.
class MovingSleeper : public Sleeper {
  public:
    explicit MovingSleeper(ManualClock& clock) : clock_(clock) {}
    bool sleep(Duration duration, const StopToken&) override {
        slept.push_back(duration);
        clock_.now = clock_.now + duration;
        return slept.size() != stop_at;
    }
    std::vector<Duration> slept;
    std::size_t stop_at = 0;

  private:
    ManualClock& clock_;
};

struct RetryTest : testing::Test {
    ManualClock clock;
    MovingSleeper sleeper{clock};
    StopSource stop;
    int attempts = 0;
};

TEST_F(RetryTest, TriesAgainUntilItSucceeds) {
    std::vector<std::string> heard;
    Retry retry(clock, sleeper, {},
                [&](const Error& e, Duration) { heard.push_back(e.message()); });
    const int value = retry.run(stop.get_token(), [&] {
        if (++attempts < 4) {
            throw Error(ErrorCode::connection_lost, "lost " + std::to_string(attempts));
        }
        return 42;
    });
    EXPECT_EQ(value, 42);
    EXPECT_EQ(heard, (std::vector<std::string>{"lost 1", "lost 2", "lost 3"}));
    EXPECT_EQ(sleeper.slept.size(), 3U);
}

TEST_F(RetryTest, NeverRepeatsWhatIsNotForRetrying) {
    Retry retry(clock, sleeper, {});
    EXPECT_THROW(retry.run(stop.get_token(),
                           [&]() -> int {
                               ++attempts;
                               throw Error(ErrorCode::store_refused, "wrong bucket");
                           }),
                 Error);
    EXPECT_EQ(attempts, 1);
    EXPECT_TRUE(sleeper.slept.empty());
}

TEST_F(RetryTest, EndsAtTheDeadlineWithTheLastError) {
    RetryRules rules;
    rules.deadline = Duration::from_ms(1'000);
    Retry retry(clock, sleeper, rules);
    try {
        retry.run(stop.get_token(), [&]() -> int {
            ++attempts;
            throw Error(ErrorCode::timeout, "attempt " + std::to_string(attempts));
        });
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.message(), "attempt " + std::to_string(attempts));
    }
    EXPECT_GT(attempts, 2);
    EXPECT_LE(clock.now - BootTime{}, Duration::from_ms(1'000));
}

TEST_F(RetryTest, StopEndsTheWait) {
    sleeper.stop_at = 2;
    Retry retry(clock, sleeper, {});
    try {
        retry.run(stop.get_token(), [&]() -> int {
            ++attempts;
            throw Error(ErrorCode::timeout, "no answer");
        });
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    EXPECT_EQ(attempts, 2);
}

TEST_F(RetryTest, AfterStopThereIsNoFurtherAttempt) {
    stop.request_stop();
    Retry retry(clock, sleeper, {});
    EXPECT_THROW(retry.run(stop.get_token(),
                           [&]() -> int {
                               ++attempts;
                               throw Error(ErrorCode::timeout, "no answer");
                           }),
                 Error);
    EXPECT_EQ(attempts, 1);
}

}  // namespace
}  // namespace farshore::runtime
