#include "agent/primary/files/dirty_set.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

using enum DirtySet::Drain;
constexpr Timestamp now{42};
constexpr BootTime boot{7};

TEST(DirtySet, RemovalsBelongToTheDrainThatSawThem) {
    DirtySet set(10);
    set.begin_cut(boot);
    set.removed("a", first, now);
    set.removed("b", second, now);
    set.changed("c", first, now);
    EXPECT_EQ(set.find("a").removal, Removal::this_cut);
    EXPECT_EQ(set.find("b").removal, Removal::next_cut);
    EXPECT_EQ(set.find("c").removal, Removal::not_seen);
    EXPECT_TRUE(set.find("c").before_t);
    EXPECT_FALSE(set.find("b").before_t);
    set.begin_cut(boot);
    EXPECT_EQ(set.find("b").removal, Removal::this_cut);
    EXPECT_TRUE(set.find("b").before_t);
}

TEST(DirtySet, ANameThatCameBackAfterLMayNotBeRemoved) {
    DirtySet set(10);
    set.begin_cut(boot);
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

TEST(DirtySet, APathKeepsTheDrainThatNoticedItUntilItIsTakenOut) {
    DirtySet set(10);
    set.begin_cut(BootTime{10});
    set.changed("a", first, now);
    set.begin_cut(BootTime{20});
    set.changed("a", first, now);
    set.changed("b", second, now);
    EXPECT_EQ(set.find("a").noticed, BootTime{10});
    EXPECT_EQ(set.find("b").noticed, BootTime{20});
    set.take_out("a");
    set.changed("a", first, now);
    EXPECT_EQ(set.find("a").noticed, BootTime{20});
}

TEST(DirtySet, WhatWasNotFinishedIsAsOldAsItWas) {
    DirtySet set(10);
    set.begin_cut(BootTime{10});
    set.changed("a", second, now);
    set.take_out("a");
    set.begin_cut(BootTime{20});
    set.put_back("a", Timestamp{41}, BootTime{10});
    EXPECT_EQ(set.find("a").noticed, BootTime{10});
    EXPECT_EQ(set.find("a").since, Timestamp{41});
    EXPECT_TRUE(set.find("a").before_t);
    set.changed("a", second, now);
    EXPECT_EQ(set.find("a").noticed, BootTime{10});
}

TEST(DirtySet, WhatIsDistrustedStaysSoUntilItIsTakenOut) {
    DirtySet set(10);
    set.begin_cut(BootTime{10});
    set.changed("a", first, now);
    set.distrust("a", now);
    set.changed("a", second, now);
    set.put_back("a", now, BootTime{10});
    EXPECT_TRUE(set.find("a").distrusted);
    set.take_out("a");
    set.changed("a", first, now);
    EXPECT_FALSE(set.find("a").distrusted);
}

}  // namespace
}  // namespace farshore::primary
