#include "agent/runtime/log.hpp"

#include <gtest/gtest.h>

namespace farshore::log {
namespace {

TEST(Log, ControlCharactersBecomeVisibleSoThatNobodyForgesALine) {
    EXPECT_EQ(visible("peer \"a\nerror all lost\x1b[0m\""),
              "peer \"a\\x0aerror all lost\\x1b[0m\"");
    EXPECT_EQ(visible("grüße"), "grüße");
}

TEST(Log, WritesTheLevelAndTheUtcTime) {
    testing::internal::CaptureStderr();
    info("session with {} opened", "app-west");
    debug("not shown");
    const std::string line = testing::internal::GetCapturedStderr();
    EXPECT_NE(line.find("Z info    session with app-west opened\n"), std::string::npos) << line;
    EXPECT_EQ(line.find("not shown"), std::string::npos);
}

TEST(Log, BelowTheLevelNothingIsWritten) {
    testing::internal::CaptureStderr();
    set_level(Level::error);
    warning("not shown");
    set_level(Level::info);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace farshore::log
