#include "agent/secondary/files/link_groups.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "storage/disk/posix_file_system.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {
namespace {

using test::uploads;
const CutNumber second_cut(2);

FileEntry file(const std::string& path, const std::string& link, const std::string& content = "x") {
    FileEntry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.size = content.size();
    entry.sha256 = sha256(content);
    entry.link = link;
    return entry;
}

FileEntry gone(const std::string& path) {
    FileEntry entry;
    entry.path = path;
    entry.type = EntryType::deleted;
    return entry;
}

class LinkGroupsTest : public testing::Test {
  protected:
    // a and b are one file of group g.
    LinkGroupsTest() {
        test::write_whole(directory_ / "a", "x");
        EXPECT_EQ(::link((directory_ / "a").c_str(), (directory_ / "b").c_str()), 0);
        const std::vector<FileEntry> entries{file("a", "g"), file("b", "g")};
        state_.index().add_incoming(CutNumber(1), uploads, entries);
        const std::vector<storage::SecondaryIndex::Settled> page{{entries[0], {}},
                                                                 {entries[1], {}}};
        state_.index().settle(CutNumber(1), uploads, page);
    }
    void told(const std::vector<FileEntry>& entries) {
        state_.index().add_incoming(second_cut, uploads, entries);
    }
    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    storage::Handle root_ = files_.open_root(directory_.path());
    storage::SecondaryState state_{directory_ / "state.db"};
    LinkGroups groups_{files_, root_, state_.index(), uploads};
};

TEST_F(LinkGroupsTest, ANewNameFollowsOneThatStays) {
    told({file("c", "g"), gone("a")});
    EXPECT_EQ(groups_.leader(second_cut, file("c", "g")), "b");
    EXPECT_EQ(groups_.leader(second_cut, file("c", "")), std::nullopt);
    EXPECT_EQ(groups_.leader(second_cut, file("c", "g", "y")), std::nullopt);  // other content
}

TEST_F(LinkGroupsTest, OfANewGroupTheFirstLeads) {
    told({file("d", "h"), file("e", "h")});
    EXPECT_EQ(groups_.leader(second_cut, file("d", "h")), std::nullopt);
    EXPECT_EQ(groups_.leader(second_cut, file("e", "h")), "d");
}

TEST_F(LinkGroupsTest, AnAlteredOneDoesNotLead) {
    told({file("c", "g"), gone("a")});
    test::write_whole(directory_ / "b", "z");
    EXPECT_EQ(groups_.leader(second_cut, file("c", "g")), std::nullopt);
}

TEST_F(LinkGroupsTest, AFileStaysWhereItIsWhenNobodyElseKeepsIt) {
    EXPECT_TRUE(groups_.can_stay(second_cut, file("a", "g"), file("a", "g")));
    EXPECT_TRUE(groups_.can_stay(second_cut, file("a", ""), file("a", "g")));
    EXPECT_FALSE(groups_.can_stay(second_cut, file("a", "g"), file("a", "")));  // b keeps it
    told({gone("b")});
    EXPECT_TRUE(groups_.can_stay(second_cut, file("a", "g"), file("a", "")));
}

TEST_F(LinkGroupsTest, AGroupThatFallsApartIsParted) {
    told({file("b", "")});
    EXPECT_FALSE(groups_.can_stay(second_cut, file("a", "g"), file("a", "")));
    told({file("b", "", "y")});
    EXPECT_TRUE(groups_.can_stay(second_cut, file("a", "g"), file("a", "")));
    told({file("b", "h")});
    EXPECT_TRUE(
        groups_.can_stay(second_cut, file("a", "g"), file("a", "h")));  // renamed as a whole
}

}  // namespace
}  // namespace farshore::secondary
