#include "storage/objects/unfinished_name.hpp"

#include <gtest/gtest.h>

namespace farshore::storage {
namespace {

TEST(UnfinishedName, IsKnownAgain) {
    const std::string name = make_unfinished_name(sha256("x"), 7);
    EXPECT_EQ(name, ".farshore-unfinished-2d711642b726b044-7");
    EXPECT_TRUE(is_unfinished_name(name));
    EXPECT_NE(name, make_unfinished_name(sha256("x"), 8));
    EXPECT_NE(name, make_unfinished_name(sha256("y"), 7));
}

TEST(UnfinishedName, NothingElseIs) {
    EXPECT_FALSE(is_unfinished_name(""));
    EXPECT_FALSE(is_unfinished_name("000000000001.json"));
    EXPECT_FALSE(is_unfinished_name(".farshore"));
}

}  // namespace
}  // namespace farshore::storage
