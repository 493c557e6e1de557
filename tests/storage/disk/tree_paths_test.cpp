#include "storage/disk/tree_paths.hpp"

#include <gtest/gtest.h>

namespace farshore::storage::tree_paths {
namespace {

TEST(TreePathsTest, StagedNamesComeBack) {
    const Digest digest = sha256("x");
    const std::string path = staged(digest);
    ASSERT_TRUE(path.starts_with(std::string(staging) + "/"));
    EXPECT_EQ(parse_staged(path.substr(staging.size() + 1)), digest);
}

TEST(TreePathsTest, OtherNamesAreNotStaged) {
    std::string upper = sha256("x").hex();
    upper[0] = 'A';
    EXPECT_FALSE(parse_staged(upper).has_value());
    EXPECT_FALSE(parse_staged(sha256("x").hex() + "0").has_value());
    EXPECT_FALSE(parse_staged(unfinished(7).substr(staging.size() + 1)).has_value());
    EXPECT_FALSE(parse_staged("").has_value());
}

TEST(TreePathsTest, OursIsAWholeComponent) {
    EXPECT_TRUE(is_ours(".farshore"));
    EXPECT_TRUE(is_ours(".farshore/staging/x"));
    EXPECT_FALSE(is_ours(".farshore2"));
    EXPECT_FALSE(is_ours("a/.farshore"));
    EXPECT_FALSE(is_ours("."));
}

}  // namespace
}  // namespace farshore::storage::tree_paths
