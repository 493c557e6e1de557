#include "agent/primary/gap_board.hpp"

#include <gtest/gtest.h>

#include "storage/state/primary_state.hpp"
#include "tests/support/names.hpp"
#include "tests/support/stepped_clock.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

using test::app;
using test::west;
const AgentName north("north");

class GapBoardTest : public testing::Test {
  protected:
    // As the next process finds it.
    [[nodiscard]] GapBoard board(const std::vector<AgentName>& peers = {west, north}) {
        return {directory_ / "state.db", peers, clock_};
    }

    test::TemporaryDirectory directory_;
    storage::PrimaryState state_{directory_ / "state.db"};
    test::SteppedClock clock_;
};

TEST_F(GapBoardTest, KeepsWhatWasSaidFirst) {
    GapBoard gaps = board();
    EXPECT_TRUE(gaps.open(app, west, "", "the slot was given up"));
    EXPECT_FALSE(gaps.open(app, west, "", "the slot is gone"));
    EXPECT_TRUE(gaps.is_open(app, west));
    EXPECT_FALSE(gaps.is_open(app, north));
    EXPECT_EQ(gaps.open_gaps(app, west).at("").reason, "the slot was given up");
    EXPECT_EQ(gaps.sentences(app),
              std::vector<std::string>{"gap 1 on app-west since " + to_rfc3339(clock_.utc_now()) +
                                       ": the slot was given up"});
    EXPECT_TRUE(gaps.sentences(SourceName("other")).empty());
}

TEST_F(GapBoardTest, AGapThatWasClosedAtOnceIsStillToldByOneMark) {
    GapBoard gaps = board();
    (void)gaps.open(app, west, "public.item", "no row");
    gaps.close(app, west, "public.item");
    EXPECT_FALSE(gaps.is_open(app, west));
    EXPECT_EQ(gaps.sentences(app).size(), 1U);
    EXPECT_EQ(gaps.sentences(app).size(), 1U);  // the mark was not committed
    gaps.told();
    EXPECT_TRUE(gaps.sentences(app).empty());
}

TEST_F(GapBoardTest, AGapThatCameWhileAMarkWasSealedWaitsForTheNext) {
    GapBoard gaps = board();
    EXPECT_TRUE(gaps.sentences(app).empty());
    (void)gaps.open(app, west, "", "gone");
    gaps.close(app, west, "");
    gaps.told();  // of the mark that does not name it
    EXPECT_EQ(gaps.sentences(app).size(), 1U);
}

TEST_F(GapBoardTest, OpensAgainAndTheFirstIsToldAsWell) {
    GapBoard gaps = board();
    EXPECT_TRUE(gaps.open(app, west, "", "one"));
    gaps.close(app, west, "");
    EXPECT_TRUE(gaps.open_gaps(app, west).empty());
    EXPECT_TRUE(gaps.open(app, west, "", "again"));
    EXPECT_EQ(gaps.open_gaps(app, west).at("").reason, "again");
    EXPECT_EQ(gaps.open_gaps(app, west).at("").id, 2U);
    EXPECT_EQ(gaps.sentences(app).size(), 2U);
}

TEST_F(GapBoardTest, AnotherProcessTellsWhatThisOneHasNot) {
    {
        GapBoard gaps = board();
        (void)gaps.open(app, west, "", "given up");
        (void)gaps.open(app, west, "public.item", "no row");
        gaps.close(app, west, "public.item");
        EXPECT_EQ(gaps.sentences(app).size(), 2U);  // and the mark was never committed
    }
    {
        GapBoard gaps = board();
        EXPECT_TRUE(gaps.is_open(app, west));
        EXPECT_FALSE(gaps.open(app, west, "", "gone"));
        EXPECT_EQ(gaps.sentences(app).size(), 2U);
        gaps.told();
    }
    GapBoard gaps = board();
    ASSERT_EQ(gaps.sentences(app).size(), 1U);
    EXPECT_NE(gaps.sentences(app)[0].find("given up"), std::string::npos);
    gaps.close(app, west, "");
    EXPECT_TRUE(gaps.sentences(app).empty());
}

TEST_F(GapBoardTest, SaysNothingOfASecondaryThatIsNoLongerThere) {
    GapBoard before = board();
    (void)before.open(app, west, "", "given up");
    GapBoard without = board({north});
    EXPECT_TRUE(without.sentences(app).empty());
    EXPECT_EQ(board().sentences(app).size(), 1U);
}

}  // namespace
}  // namespace farshore::primary
