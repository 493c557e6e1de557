#include "agent/primary/stream_position.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

StreamPosition at(const char* system, std::uint64_t lsn) {
    return {.system = system, .lsn = Lsn(lsn)};
}

TEST(NextPosition, IsTheEndOfTheLogOnceThatIsPassed) {
    const CutPosition next = next_position(at("A", 100), at("A", 150), at("A", 120));
    EXPECT_EQ(next.position, at("A", 120));
    EXPECT_TRUE(next.is_current);
}

TEST(NextPosition, IsWhatWasPassedWhileTheDecoderIsBehind) {
    const CutPosition next = next_position(at("A", 100), at("A", 110), at("A", 120));
    EXPECT_EQ(next.position, at("A", 110));
    EXPECT_FALSE(next.is_current);
}

TEST(NextPosition, StandsStillWhileNothingStreamsOrTheServerIsSilent) {
    EXPECT_EQ(next_position(at("A", 100), at("", 0), at("A", 120)).position, at("A", 100));
    EXPECT_FALSE(next_position(at("A", 100), at("", 0), at("A", 100)).is_current);
    EXPECT_EQ(next_position(at("A", 100), at("A", 110), std::nullopt).position, at("A", 100));
    EXPECT_FALSE(next_position(at("A", 100), at("A", 110), std::nullopt).is_current);
}

TEST(NextPosition, NeverGoesBackWithinACluster) {
    const CutPosition next = next_position(at("A", 100), at("A", 150), at("A", 90));
    EXPECT_EQ(next.position, at("A", 100));
    EXPECT_FALSE(next.is_current);
    EXPECT_EQ(next_position(at("A", 100), at("A", 50), at("A", 120)).position, at("A", 100));
}

// The fault: the cluster was replaced by another one. Its log may end anywhere.
TEST(NextPosition, AnotherClusterIsNotWhatWasFollowed) {
    for (const std::uint64_t end : {50u, 100u, 500u}) {
        const CutPosition next = next_position(at("A", 100), at("A", 1000), at("B", end));
        EXPECT_EQ(next.position, at("A", 100));
        EXPECT_FALSE(next.is_current);
        EXPECT_EQ(next_position(at("A", 100), at("", 0), at("B", end)).position, at("A", 100));
    }
}

TEST(NextPosition, AfterACopyOfTheOtherClusterItCountsAnewFromThere) {
    const CutPosition next = next_position(at("A", 100), at("B", 9), at("B", 9));
    EXPECT_EQ(next.position, at("B", 9));
    EXPECT_TRUE(next.is_current);
    const CutPosition behind = next_position(at("A", 100), at("B", 5), at("B", 9));
    EXPECT_EQ(behind.position, at("B", 5));
    EXPECT_FALSE(behind.is_current);
    // The server's answer is older than the copy.
    const CutPosition older = next_position(at("A", 100), at("B", 5), at("A", 120));
    EXPECT_EQ(older.position, at("B", 0));
    EXPECT_FALSE(older.is_current);
}

TEST(NextPosition, BeginsWhereTheFirstClusterIs) {
    EXPECT_EQ(next_position(at("", 0), at("A", 7), at("A", 7)).position, at("A", 7));
    EXPECT_EQ(next_position(at("", 40), at("A", 50), at("A", 45)).position, at("A", 45));
    EXPECT_EQ(next_position(at("", 0), at("", 0), at("A", 7)).position, at("", 0));
}

}  // namespace
}  // namespace farshore::primary
