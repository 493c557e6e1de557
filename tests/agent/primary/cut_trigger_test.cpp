#include "agent/primary/cut_trigger.hpp"

#include <gtest/gtest.h>

#include <thread>
#include "tests/support/names.hpp"

namespace farshore::primary {
namespace {

using test::long_wait;
using test::no_wait;

TEST(CutTrigger, ANotificationBeforeTheWaitIsNotLost) {
    CutTrigger trigger;
    trigger.notify();
    trigger.demand_mark();
    trigger.look_again();
    const auto woken = trigger.wait(long_wait);
    EXPECT_TRUE(woken.changed);
    EXPECT_TRUE(woken.mark_demanded);
    EXPECT_TRUE(woken.look_again);
    EXPECT_FALSE(trigger.is_stopped());
}

TEST(CutTrigger, ManyNotificationsAreOneAndAreTakenOnce) {
    CutTrigger trigger;
    trigger.notify();
    trigger.notify();
    EXPECT_TRUE(trigger.wait(long_wait).changed);
    EXPECT_FALSE(trigger.wait(no_wait).changed);
}

TEST(CutTrigger, LookingAgainIsNoChange) {
    CutTrigger trigger;
    trigger.look_again();
    const auto woken = trigger.wait(long_wait);
    EXPECT_TRUE(woken.look_again);
    EXPECT_FALSE(woken.changed);
    EXPECT_FALSE(woken.mark_demanded);
}

TEST(CutTrigger, AStopIsToldToWhoeverAsksAgain) {
    CutTrigger trigger;
    trigger.stop();
    for (int i = 0; i < 2; ++i) {
        (void)trigger.wait(long_wait);
        EXPECT_TRUE(trigger.is_stopped());
    }
}

TEST(CutTrigger, WakesOneWhoWaits) {
    CutTrigger trigger;
    CutTrigger::Woken woken;
    std::thread waiter([&] { woken = trigger.wait(long_wait); });
    trigger.demand_mark();
    waiter.join();
    EXPECT_TRUE(woken.mark_demanded);
}

}  // namespace
}  // namespace farshore::primary
