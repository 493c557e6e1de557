#include "agent/runtime/sleeper.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace farshore::runtime {
namespace {

TEST(Sleeper, SleepsToTheEnd) {
    SystemSleeper sleeper;
    EXPECT_TRUE(sleeper.sleep(Duration::from_ms(1), StopToken{}));
}

TEST(Sleeper, StopWakesIt) {
    SystemSleeper sleeper;
    StopSource stop;
    std::thread sleeping(
        [&] { EXPECT_FALSE(sleeper.sleep(Duration::from_seconds(3'600), stop.get_token())); });
    stop.request_stop();
    sleeping.join();
    EXPECT_FALSE(sleeper.sleep(Duration::from_seconds(3'600), stop.get_token()));
}

}  // namespace
}  // namespace farshore::runtime
