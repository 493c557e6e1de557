#include "agent/primary/files/uncovered_paths.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

TEST(UncoveredPaths, NamesSomeAndCountsTheRest) {
    UncoveredPaths paths(2);
    paths.refuse("a", "no");
    paths.refuse("a", "still no");
    paths.refuse("b", "no");
    paths.refuse("c", "no");
    paths.unwatched("d", "limit");
    EXPECT_EQ(paths.refused(), 3U);
    EXPECT_TRUE(paths.is_refused("a"));
    EXPECT_FALSE(paths.is_refused("d"));
    EXPECT_TRUE(paths.has_unwatched());
    const std::vector<Uncovered> all{{"a", "still no"}, {"b", "no"}, {"d", "limit"}};
    EXPECT_EQ(paths.list(10), all);
    EXPECT_EQ(paths.list(1).size(), 1U);
    paths.clear("a");
    paths.begin_sweep();
    paths.end_sweep();
    EXPECT_EQ(paths.refused(), 1U);
    EXPECT_FALSE(paths.has_unwatched());
}

TEST(UncoveredPaths, WhatAScanFoundIsSaidUntilTheNextOneHasEnded) {
    UncoveredPaths paths(1);
    paths.begin_sweep();
    paths.unwatched("d", "limit");
    paths.refuse("a", "no");
    paths.refuse("b", "no");
    paths.end_sweep();
    for (int i = 0; i < 2; ++i) {  // the first one is given up
        paths.begin_sweep();
        EXPECT_TRUE(paths.has_unwatched());
        EXPECT_EQ(paths.refused(), 2U);
        EXPECT_EQ(paths.list(10).size(), 2U);
    }
    paths.end_sweep();
    EXPECT_FALSE(paths.has_unwatched());
    EXPECT_EQ(paths.refused(), 1U);
}

}  // namespace
}  // namespace farshore::primary
