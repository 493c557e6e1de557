#include "protocol/assert.hpp"

#include <gtest/gtest.h>

namespace farshore {
namespace {

TEST(AssertDeathTest, ABrokenAssumptionStopsTheProcessAndIsNamed) {
    FARSHORE_ASSERT(1 + 1 == 2);
    EXPECT_DEATH(FARSHORE_ASSERT(1 + 1 == 3), "assumption broken: 1 \\+ 1 == 3 .*assert_test");
}

}  // namespace
}  // namespace farshore
