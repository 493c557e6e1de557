#include "agent/primary/files/link_census.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

storage::FileStatus file(std::uint64_t inode, std::uint64_t links) {
    storage::FileStatus status;
    status.type = EntryType::file;
    status.filesystem = 1;
    status.inode = inode;
    status.links = links;
    return status;
}

TEST(LinkCensus, NamesTheFilesWhoseOtherNamesDidNotCome) {
    LinkCensus census(10);
    census.begin();
    census.see("alone", file(1, 1));
    census.see("a", file(2, 2));
    census.see("b", file(2, 2));
    census.see("c", file(3, 3));
    census.see("d", file(3, 3));
    storage::FileStatus directory = file(4, 5);
    directory.type = EntryType::directory;
    census.see("dir", directory);
    EXPECT_EQ(census.with_other_names(), std::vector<std::string>{"c"});
    EXPECT_FALSE(census.is_overrun());
    census.begin();
    EXPECT_TRUE(census.with_other_names().empty());
}

TEST(LinkCensus, CountsSoManyAtATimeAndSaysWhenThatWasNotEnough) {
    LinkCensus census(1);
    census.begin();
    census.see("a", file(1, 2));
    census.see("b", file(1, 2));
    census.see("c", file(2, 2));
    EXPECT_FALSE(census.is_overrun());
    census.see("d", file(3, 2));
    EXPECT_TRUE(census.is_overrun());
}

}  // namespace
}  // namespace farshore::primary
