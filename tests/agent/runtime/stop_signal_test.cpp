#include "agent/runtime/stop_signal.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace farshore::runtime {
namespace {

using Woken = StopSignal::Woken;

bool is_readable(int descriptor) {
    pollfd watched{descriptor, POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
}

TEST(StopSignal, WaitsForTheSignalAndStaysStopped) {
    StopSignal stop;
    EXPECT_EQ(stop.wait(Duration::from_ms(1)), Woken::timeout);
    EXPECT_FALSE(is_readable(stop.descriptor()));
    ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
    EXPECT_EQ(stop.wait(), Woken::stop);
    EXPECT_EQ(stop.wait(Duration{0}), Woken::stop);
    EXPECT_TRUE(is_readable(stop.descriptor()));
}

TEST(StopSignal, AHangUpAsksForAReloadAndStopsNothing) {
    StopSignal stop;
    ASSERT_EQ(::kill(::getpid(), SIGHUP), 0);
    EXPECT_EQ(stop.wait(), Woken::reload);
    EXPECT_EQ(stop.wait(Duration::from_ms(1)), Woken::timeout);
    EXPECT_FALSE(is_readable(stop.descriptor()));
    stop.request();
    ASSERT_EQ(::kill(::getpid(), SIGHUP), 0);
    EXPECT_EQ(stop.wait(), Woken::stop);
}

TEST(StopSignal, ARequestFromWithinIsTheSame) {
    StopSignal stop;
    std::thread other([&] { stop.request(); });
    EXPECT_EQ(stop.wait(), Woken::stop);
    other.join();
    EXPECT_TRUE(is_readable(stop.descriptor()));
}

}  // namespace
}  // namespace farshore::runtime
