#include "protocol/running_sha256.hpp"

#include <gtest/gtest.h>

#include <string>

namespace farshore {
namespace {

TEST(RunningSha256, TellsTheDigestSoFarAndGoesOn) {
    RunningSha256 running;
    EXPECT_EQ(running.so_far(), sha256(""));
    std::string all;
    for (const char* piece : {"one", "", "two", "three"}) {
        running.update(piece);
        all += piece;
        EXPECT_EQ(running.so_far(), sha256(all));
        EXPECT_EQ(running.so_far(), sha256(all));
    }
    RunningSha256 moved = std::move(running);
    moved.update("four");
    EXPECT_EQ(moved.so_far(), sha256(all + "four"));
}

}  // namespace
}  // namespace farshore
