#include "storage/state/database_gaps.hpp"

#include <gtest/gtest.h>

#include "storage/state/primary_state.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

class DatabaseGapsTest : public testing::Test {
  protected:
    static StoredGap gap(const std::string& what) {
        return {.database = SourceName("app"),
                .peer = AgentName("west"),
                .what = what,
                .reason = "the slot is gone",
                .since = {17},
                .closed = std::nullopt};
    }

    test::TemporaryDirectory directory_;
    PrimaryState state_{directory_ / "state.db"};
    DatabaseGaps gaps_{state_.database()};
};

TEST_F(DatabaseGapsTest, IsThereForWhoeverComesNext) {
    const std::uint64_t id = gaps_.open(gap("public.item"));
    PrimaryState again(directory_ / "state.db");
    const auto standing = DatabaseGaps(again.database()).standing();
    ASSERT_EQ(standing.size(), 1U);
    EXPECT_EQ(standing[0].id, id);
    EXPECT_EQ(standing[0].database, SourceName("app"));
    EXPECT_EQ(standing[0].peer, AgentName("west"));
    EXPECT_EQ(standing[0].what, "public.item");
    EXPECT_EQ(standing[0].reason, "the slot is gone");
    EXPECT_EQ(standing[0].since, Timestamp{17});
    EXPECT_FALSE(standing[0].closed);
    EXPECT_FALSE(standing[0].told);
}

TEST_F(DatabaseGapsTest, StandsUntilItIsBothClosedAndTold) {
    const std::uint64_t one = gaps_.open(gap(""));
    const std::uint64_t two = gaps_.open(gap("public.item"));
    gaps_.close(one, {20});
    gaps_.set_told({two});
    const auto standing = gaps_.standing();
    ASSERT_EQ(standing.size(), 2U);
    EXPECT_EQ(standing[0].closed, Timestamp{20});
    EXPECT_TRUE(standing[1].told);
    gaps_.set_told({one});
    gaps_.close(two, {30});
    EXPECT_TRUE(gaps_.standing().empty());
}

TEST_F(DatabaseGapsTest, NumbersAreNeverGivenAgain) {
    const std::uint64_t one = gaps_.open(gap(""));
    gaps_.close(one, {20});
    gaps_.set_told({one});
    EXPECT_GT(gaps_.open(gap("")), one);
}

}  // namespace
}  // namespace farshore::storage
