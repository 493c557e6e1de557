#include "agent/runtime/resident_memory.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace farshore::runtime {
namespace {

TEST(ResidentMemory, GrowsByWhatIsWritten) {
    constexpr std::size_t bytes = 64ULL << 20;
    const auto before = resident_memory_bytes();
    const std::vector<char> held(bytes, 'x');
    const auto after = resident_memory_bytes();
    ASSERT_TRUE(before && after);
    EXPECT_GT(*before, 0U);
    EXPECT_GT(*after, *before + bytes / 2) << held.back();
}

TEST(ResidentMemory, IsTheSecondFigure) {
    EXPECT_EQ(parse_statm("900 25 3 1 0 2 0\n", 4096), 25U * 4096);
    EXPECT_EQ(parse_statm("900", 4096), std::nullopt);
    EXPECT_EQ(parse_statm("", 4096), std::nullopt);
    EXPECT_EQ(parse_statm("a b", 4096), std::nullopt);
}

}  // namespace
}  // namespace farshore::runtime
