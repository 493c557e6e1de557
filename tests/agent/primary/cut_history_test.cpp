#include "agent/primary/cut_history.hpp"

#include <gtest/gtest.h>

#include <thread>
#include "tests/support/names.hpp"

namespace farshore::primary {
namespace {

using test::long_wait;
using test::no_wait;

std::shared_ptr<const CutRecord> record(std::uint64_t cut) {
    auto made = std::make_shared<CutRecord>();
    made->cut = CutNumber(cut);
    return made;
}

TEST(CutHistory, IsEmptyBeforeTheFirstCut) {
    const CutHistory history;
    EXPECT_EQ(history.newest(), nullptr);
    EXPECT_EQ(history.wait_above(CutNumber(0), no_wait, {}), nullptr);
    EXPECT_EQ(history.wait_record(CutNumber(1), no_wait), nullptr);
}

TEST(CutHistory, AFeedThatIsBehindGetsTheNewestOnly) {
    CutHistory history;
    for (std::uint64_t cut = 3; cut <= 7; ++cut) {
        history.publish(record(cut));
    }
    EXPECT_EQ(history.wait_above(CutNumber(3), long_wait, {})->cut, CutNumber(7));
    EXPECT_EQ(history.wait_above(CutNumber(7), no_wait, {}), nullptr);
}

TEST(CutHistory, WaitRecordGivesThatVeryCutAndNotANewerOne) {
    CutHistory history;
    history.publish(record(3));
    history.publish(record(5));
    EXPECT_EQ(history.wait_record(CutNumber(3), long_wait)->cut, CutNumber(3));
    EXPECT_EQ(history.wait_record(CutNumber(4), long_wait), nullptr);
    EXPECT_EQ(history.wait_record(CutNumber(6), no_wait), nullptr);
}

TEST(CutHistory, WakesAFeedThatWaits) {
    CutHistory history;
    std::shared_ptr<const CutRecord> got;
    std::thread feed([&] { got = history.wait_above(CutNumber(1), long_wait, {}); });
    history.publish(record(1));
    history.publish(record(2));
    feed.join();
    ASSERT_NE(got, nullptr);
    EXPECT_EQ(got->cut, CutNumber(2));
}

TEST(CutHistory, AStopEndsTheWait) {
    const CutHistory history;
    runtime::StopSource source;
    std::shared_ptr<const CutRecord> got = record(1);
    std::thread feed(
        [&] { got = history.wait_above(CutNumber(0), long_wait, source.get_token()); });
    source.request_stop();
    feed.join();
    EXPECT_EQ(got, nullptr);
}

TEST(CutHistory, RecordsOfLongAgoAreLetGo) {
    CutHistory history;
    const std::weak_ptr<const CutRecord> first = [&] {
        const auto made = record(1);
        history.publish(made);
        return std::weak_ptr(made);
    }();
    for (std::uint64_t cut = 2; cut <= 5'000; ++cut) {
        history.publish(record(cut));
    }
    EXPECT_TRUE(first.expired());
    EXPECT_EQ(history.newest()->cut, CutNumber(5'000));
}

}  // namespace
}  // namespace farshore::primary
