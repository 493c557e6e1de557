#include "storage/disk/state_paths.hpp"

#include <gtest/gtest.h>

namespace farshore::storage {
namespace {

TEST(StatePathsTest, EverythingIsBeneathTheDirectory) {
    const StatePaths paths("/var/lib/farshore");
    EXPECT_EQ(paths.absolute(StatePaths::database), "/var/lib/farshore/state.db");
    EXPECT_EQ(StatePaths::spool_of(SourceName("app")), "spool/app");
    EXPECT_EQ(paths.absolute(StatePaths::spool_of(SourceName("app"))),
              "/var/lib/farshore/spool/app");
}

}  // namespace
}  // namespace farshore::storage
