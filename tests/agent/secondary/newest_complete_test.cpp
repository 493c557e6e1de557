#include "agent/secondary/newest_complete.hpp"

#include <gtest/gtest.h>

namespace farshore::secondary {
namespace {

TEST(NewestComplete, BeforeThereIsOneNothingIsKnown) {
    EXPECT_FALSE(NewestComplete().at("boot"));
}

// A primary that was restarted counts from 0 again: with the offset of the new boot, the times of
// the old one would lie in the future, or far too near.
TEST(NewestComplete, TimesSinceAnotherBootAreNotTakenForTimesOfThisOne) {
    const SourceName tree("uploads");
    MarkMoments moments;
    moments.mark = MarkNumber(7);
    moments.taken = {.boot = BootTime{5}, .utc = Timestamp{50}, .utc_error = Duration{1}};
    moments.as_of[tree] = moments.taken;
    NewestComplete newest;
    newest.take(moments, "one");
    EXPECT_EQ(newest.at("one")->as_of.at(tree).boot, BootTime{5});
    const auto other = newest.at("two");
    ASSERT_TRUE(other);
    EXPECT_EQ(other->mark, MarkNumber(7));
    EXPECT_FALSE(other->taken.boot);
    EXPECT_FALSE(other->as_of.at(tree).boot);
    EXPECT_EQ(other->as_of.at(tree).utc, Timestamp{50});
}

}  // namespace
}  // namespace farshore::secondary
