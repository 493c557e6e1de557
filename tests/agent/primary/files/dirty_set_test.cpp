#include "agent/primary/files/dirty_set.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

using enum DirtySet::Drain;
constexpr Timestamp now{42};

TEST(DirtySet, RemovalsBelongToTheDrainThatSawThem) {
    DirtySet set(10);
    set.begin_cut();
    set.removed("a", first, now);
    set.removed("b", second, now);
    set.changed("c", first, now);
    EXPECT_EQ(set.find("a").removal, Removal::this_cut);
    EXPECT_EQ(set.find("b").removal, Removal::next_cut);
    EXPECT_EQ(set.find("c").removal, Removal::not_seen);
    EXPECT_TRUE(set.find("c").before_t);
    EXPECT_FALSE(set.find("b").before_t);
    set.begin_cut();
    EXPECT_EQ(set.find("b").removal, Removal::this_cut);
    EXPECT_TRUE(set.find("b").before_t);
}

TEST(DirtySet, ANameThatCameBackAfterLMayNotBeRemoved) {
    DirtySet set(10);
    set.begin_cut();
    set.removed("a", first, now);
    set.changed("a", second, now);
    EXPECT_EQ(set.find("a").removal, Removal::next_cut);
}

TEST(DirtySet, OneTooManyEmptiesIt) {
    DirtySet set(2);
    set.changed("a", first, now);
    set.changed("b", first, now);
    set.changed("b", first, now);
    EXPECT_FALSE(set.is_full());
    set.changed("c", first, now);
    EXPECT_TRUE(set.is_full());
    EXPECT_TRUE(set.paths().empty());
    set.changed("d", first, now);
    EXPECT_TRUE(set.paths().empty());
    set.accept_again();
    set.found_absent("d", now);
    EXPECT_EQ(set.find("d").removal, Removal::next_cut);
    set.take_out("d");
    EXPECT_TRUE(set.paths().empty());
}

}  // namespace
}  // namespace farshore::primary
