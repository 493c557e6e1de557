#include "agent/primary/gap_board.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

const SourceName app("app");
const AgentName west("west");
const AgentName north("north");

TEST(GapBoard, KeepsWhatWasSaidFirst) {
    GapBoard gaps;
    EXPECT_TRUE(gaps.open(app, west, "", {"the slot was given up", Timestamp{}}));
    EXPECT_FALSE(gaps.open(app, west, "", {"the slot is gone", Timestamp{}}));
    EXPECT_TRUE(gaps.is_open(app, west));
    EXPECT_FALSE(gaps.is_open(app, north));
    EXPECT_EQ(gaps.open_gaps(app, west).at("").reason, "the slot was given up");
    EXPECT_EQ(gaps.sentences(app),
              std::vector<std::string>{
                  "gap on west since 1970-01-01T00:00:00.000000000Z: the slot was given up"});
    EXPECT_TRUE(gaps.sentences(SourceName("other")).empty());
}

TEST(GapBoard, AGapThatWasClosedAtOnceIsStillToldByOneMark) {
    GapBoard gaps;
    (void)gaps.open(app, west, "public.item", {"no row", Timestamp{}});
    gaps.close(app, west, "public.item");
    EXPECT_FALSE(gaps.is_open(app, west));
    EXPECT_EQ(gaps.sentences(app).size(), 1U);
    EXPECT_EQ(gaps.sentences(app).size(), 1U);  // the mark was not committed
    gaps.told();
    EXPECT_TRUE(gaps.sentences(app).empty());
}

TEST(GapBoard, AGapThatCameWhileAMarkWasSealedWaitsForTheNext) {
    GapBoard gaps;
    EXPECT_TRUE(gaps.sentences(app).empty());
    (void)gaps.open(app, west, "", {"gone", Timestamp{}});
    gaps.close(app, west, "");
    gaps.told();  // of the mark that does not name it
    EXPECT_EQ(gaps.sentences(app).size(), 1U);
}

TEST(GapBoard, OpensAgain) {
    GapBoard gaps;
    EXPECT_TRUE(gaps.open(app, west, "", {"one", Timestamp{}}));
    gaps.close(app, west, "");
    EXPECT_TRUE(gaps.open_gaps(app, west).empty());
    EXPECT_TRUE(gaps.open(app, west, "", {"again", Timestamp{}}));
    EXPECT_EQ(gaps.open_gaps(app, west).at("").reason, "again");
}

}  // namespace
}  // namespace farshore::primary
