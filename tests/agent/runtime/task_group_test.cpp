#include "agent/runtime/task_group.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "agent/runtime/sleeper.hpp"

namespace farshore::runtime {
namespace {

const Duration for_ever = Duration::from_seconds(3'600);

TEST(TaskGroup, JoinWaitsForAllTasks) {
    std::atomic<int> done{0};
    TaskGroup group;
    for (int i = 0; i < 8; ++i) {
        EXPECT_TRUE(group.start("count", [&](const StopToken&) { ++done; }));
    }
    group.join();
    EXPECT_EQ(done, 8);
    EXPECT_FALSE(group.first_failure().has_value());
}

TEST(TaskGroup, TheDestructorStopsAndJoins) {
    std::atomic<bool> stopped{false};
    {
        TaskGroup group;
        group.start("sleep", [&](const StopToken& stop) {
            SystemSleeper sleeper;
            stopped = !sleeper.sleep(for_ever, stop);
        });
    }
    EXPECT_TRUE(stopped);
}

TEST(TaskGroup, TheFirstFailureStopsTheOthersAndIsReported) {
    std::atomic<int> reported{0};
    TaskGroup group([&](const TaskFailure& failure) {
        ++reported;
        EXPECT_EQ(failure.task, "applier");
        EXPECT_EQ(failure.error.code(), ErrorCode::disk_full);
    });
    group.start("other", [](const StopToken& stop) {
        SystemSleeper sleeper;
        if (!sleeper.sleep(for_ever, stop)) {
            throw Error(ErrorCode::cancelled, "stopped");
        }
    });
    group.start("applier",
                [](const StopToken&) { throw Error(ErrorCode::disk_full, "no space left"); });
    group.join();
    EXPECT_EQ(reported, 1);
    ASSERT_TRUE(group.first_failure().has_value());
    EXPECT_EQ(group.first_failure()->error.message(), "no space left");
    EXPECT_FALSE(group.start("late", [](const StopToken&) {}));
}

TEST(TaskGroup, AnyExceptionIsAFailure) {
    TaskGroup group;
    group.start("parser", [](const StopToken&) { throw std::runtime_error("what happened"); });
    group.join();
    ASSERT_TRUE(group.first_failure().has_value());
    EXPECT_EQ(group.first_failure()->error.code(), ErrorCode::internal);
    EXPECT_EQ(group.first_failure()->error.message(), "what happened");
}

TEST(TaskGroup, CancelledWithoutStopIsAFailure) {
    TaskGroup group;
    group.start("task", [](const StopToken&) { throw Error(ErrorCode::cancelled, "by itself"); });
    group.join();
    EXPECT_TRUE(group.first_failure().has_value());
}

}  // namespace
}  // namespace farshore::runtime
