#include "agent/primary/files/deletion_guard.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

using Verdict = DeletionGuard::Verdict;

class DeletionGuardTest : public testing::Test {
  protected:
    Verdict judge(std::uint64_t deletions, std::uint64_t entries) {
        return guard_.judge(deletions, entries, now_);
    }
    void pass_ms(std::int64_t ms) { now_ = now_ + Duration::from_ms(ms); }

    DeletionGuard guard_{{.share = 0.25, .count = std::nullopt}};
    BootTime now_{1'000'000'000'000};
};

TEST_F(DeletionGuardTest, AHandfulPassesAtOnceHoweverSmallTheTree) {
    EXPECT_EQ(judge(99, 99), Verdict::pass);
    EXPECT_FALSE(guard_.is_too_much(99, 99));
    EXPECT_TRUE(guard_.is_too_much(100, 100));
    EXPECT_FALSE(guard_.is_too_much(100, 400));
    EXPECT_TRUE(guard_.is_too_much(101, 400));
}

TEST_F(DeletionGuardTest, MoreWaitsUntilNoMoreComesAndIsJudgedAsAWhole) {
    EXPECT_EQ(judge(150, 1000), Verdict::wait);
    pass_ms(900);
    EXPECT_EQ(judge(240, 1000), Verdict::wait);
    pass_ms(900);
    EXPECT_EQ(judge(240, 1000), Verdict::wait);
    pass_ms(200);
    EXPECT_EQ(judge(240, 1000), Verdict::pass);
}

TEST_F(DeletionGuardTest, TooMuchIsHeldAndWhatFollowsWithIt) {
    EXPECT_EQ(judge(400, 1000), Verdict::wait);
    pass_ms(1100);
    EXPECT_EQ(judge(400, 1000), Verdict::hold);
    pass_ms(10'000);
    EXPECT_EQ(judge(1, 1000), Verdict::wait);
    pass_ms(1100);
    EXPECT_EQ(judge(1, 1000), Verdict::hold);
    pass_ms(70'000);
    EXPECT_EQ(judge(1, 1000), Verdict::pass);
}

TEST_F(DeletionGuardTest, ManySmallCutsAreOneBatch) {
    std::uint64_t entries = 1000;
    std::uint64_t gone = 0;
    std::uint64_t waiting = 0;
    for (int cut = 0; cut < 1000; ++cut) {
        pass_ms(40);
        ++waiting;
        const Verdict verdict = judge(waiting, entries);
        if (verdict == Verdict::pass) {
            gone += waiting;
            entries -= waiting;
        }
        waiting = verdict == Verdict::wait ? waiting : 0;
    }
    EXPECT_LE(gone, 250U);
}

TEST_F(DeletionGuardTest, SteadyDeletionsBelowTheLimitGetThrough) {
    // 100 a second of 1,000,000: they wait for seconds, and there are cuts in which none waits.
    std::uint64_t waiting = 0;
    std::uint64_t most = 0;
    int free = 0;
    for (int cut = 0; cut < 3000; ++cut) {
        pass_ms(20);
        waiting += 2;
        const Verdict verdict = judge(waiting, 1'000'000);
        ASSERT_NE(verdict, Verdict::hold);
        most = std::max(most, waiting);
        waiting = verdict == Verdict::wait ? waiting : 0;
        free += waiting == 0 ? 1 : 0;
    }
    EXPECT_LE(most, 520U);
    EXPECT_GT(free, 600);
}

TEST_F(DeletionGuardTest, AScanFindsABatchPieceByPiece) {
    guard_.set_scanning(true);
    std::uint64_t entries = 10'000;
    std::uint64_t passed = 0;
    std::uint64_t waiting = 0;
    for (int i = 0; i < 100; ++i) {
        pass_ms(30'000);
        waiting += 50;
        const Verdict verdict = judge(waiting, entries);
        if (verdict == Verdict::pass) {
            passed += waiting;
            entries -= waiting;
        }
        waiting = verdict == Verdict::wait ? waiting : 0;
    }
    EXPECT_LE(passed, 2'500U);
    EXPECT_GT(passed, 2'000U);
}

TEST_F(DeletionGuardTest, AfterAnApprovalTheCountBeginsAnew) {
    EXPECT_EQ(judge(400, 1000), Verdict::wait);
    pass_ms(1100);
    EXPECT_EQ(judge(400, 1000), Verdict::hold);
    guard_.forget();
    EXPECT_EQ(judge(10, 1000), Verdict::pass);
}

TEST_F(DeletionGuardTest, ACountIsAsExactAsItSays) {
    DeletionGuard ten({.share = std::nullopt, .count = 10});
    EXPECT_EQ(ten.judge(10, 1000, now_), Verdict::pass);
    EXPECT_EQ(ten.judge(1, 990, now_), Verdict::wait);
    pass_ms(1100);
    EXPECT_EQ(ten.judge(1, 990, now_), Verdict::hold);
}

TEST_F(DeletionGuardTest, WithoutALimitNothingIsHeld) {
    DeletionGuard none({.share = std::nullopt, .count = std::nullopt});
    EXPECT_EQ(none.judge(1000, 1000, now_), Verdict::pass);
}

}  // namespace
}  // namespace farshore::primary
