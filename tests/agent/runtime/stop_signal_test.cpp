#include "agent/runtime/stop_signal.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace farshore::runtime {
namespace {

bool is_readable(int descriptor) {
    pollfd watched{descriptor, POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
}

TEST(StopSignal, WaitsForTheSignalAndStaysStopped) {
    StopSignal stop;
    EXPECT_FALSE(stop.wait(Duration::from_ms(1)));
    EXPECT_FALSE(is_readable(stop.descriptor()));
    ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
    EXPECT_TRUE(stop.wait());
    EXPECT_TRUE(stop.wait(Duration{0}));
    EXPECT_TRUE(is_readable(stop.descriptor()));
}

TEST(StopSignal, ARequestFromWithinIsTheSame) {
    StopSignal stop;
    std::thread other([&] { stop.request(); });
    EXPECT_TRUE(stop.wait());
    other.join();
    EXPECT_TRUE(is_readable(stop.descriptor()));
}

}  // namespace
}  // namespace farshore::runtime
