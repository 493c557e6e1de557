#include "agent/runtime/random.hpp"

#include <gtest/gtest.h>

namespace farshore::runtime {
namespace {

TEST(Random, FillsEveryByteAndDoesNotRepeat) {
    SystemRandom random;
    const std::string first = random.bytes(1'000'000);
    EXPECT_EQ(first.size(), 1'000'000U);
    EXPECT_NE(first.substr(999'000), std::string(1'000, '\0'));
    EXPECT_NE(random.bytes(16), random.bytes(16));
    EXPECT_NE(random.number(), random.number());
    EXPECT_EQ(random.bytes(0), "");
}

}  // namespace
}  // namespace farshore::runtime
