#include "storage/state/secondary_index.hpp"

#include <gtest/gtest.h>

#include "storage/state/secondary_schema.hpp"
#include "tests/support/error_code.hpp"
#include "tests/support/names.hpp"
#include "tests/support/sqlite_steps.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

using test::uploads;
using Order = SecondaryIndex::Order;

FileEntry file(const std::string& path, const std::string& content, const std::string& link = "") {
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

class SecondaryIndexTest : public testing::Test {
  protected:
    SecondaryIndexTest() : database_(directory_ / "state.db") {
        prepare_secondary_tables(database_);
        prepare_secondary_tables(database_);  // twice does no harm
        index_.emplace(database_);
    }
    std::vector<std::string> incoming(CutNumber cut, Order order) {
        std::vector<std::string> paths;
        index_->walk_incoming(cut, uploads, order,
                              [&](const FileEntry& entry) { paths.push_back(entry.path); });
        return paths;
    }
    void settle(CutNumber cut, const std::vector<FileEntry>& entries) {
        index_->add_incoming(cut, uploads, entries);
        std::vector<SecondaryIndex::Settled> page;
        for (const FileEntry& entry : entries) {
            page.push_back({entry, {7, {1, 2}}});
        }
        index_->settle(cut, uploads, page);
    }
    test::TemporaryDirectory directory_;
    Database database_;
    std::optional<SecondaryIndex> index_;
};

TEST_F(SecondaryIndexTest, IncomingIsWalkedInTheOrderOfBytes) {
    std::vector<FileEntry> entries;
    for (int i = 0; i < 1200; ++i) {
        entries.push_back(file("f" + std::to_string(i), "x"));
    }
    entries.push_back(file("\xff\xff\xff", "x"));
    entries.push_back(file("a", "x"));
    entries.push_back(file("a/b", "x"));
    entries.push_back(file("a-b", "x"));
    index_->add_incoming(CutNumber(1), uploads, entries);
    auto up = incoming(CutNumber(1), Order::ascending);
    EXPECT_EQ(up.size(), entries.size());
    EXPECT_EQ(up[0], "a");
    EXPECT_EQ(up[1], "a-b");
    EXPECT_EQ(up[2], "a/b");
    EXPECT_EQ(up.back(), "\xff\xff\xff");
    EXPECT_TRUE(std::is_sorted(up.begin(), up.end()));
    auto down = incoming(CutNumber(1), Order::descending);
    std::reverse(down.begin(), down.end());
    EXPECT_EQ(up, down);
}

TEST_F(SecondaryIndexTest, WhatNeedsAContentIsKnown) {
    const Digest x = sha256("x");
    const std::vector<FileEntry> first{file("b", "x")};
    const std::vector<FileEntry> second{file("a", "x")};
    index_->add_incoming(CutNumber(1), uploads, first);
    EXPECT_TRUE(index_->needs(uploads, x));
    EXPECT_FALSE(index_->needs(uploads, sha256("y")));
    EXPECT_FALSE(index_->needs(SourceName("other"), x));
    EXPECT_TRUE(index_->needs_after(uploads, CutNumber(1), file("a", "x")));
    EXPECT_FALSE(index_->needs_after(uploads, CutNumber(1), file("b", "x")));
    index_->add_incoming(CutNumber(2), uploads, second);
    EXPECT_TRUE(index_->needs_after(uploads, CutNumber(1), file("b", "x")));
    EXPECT_EQ(index_->incoming_trees(CutNumber(2)), std::vector<SourceName>{uploads});
    index_->discard_incoming_above(CutNumber(1));
    EXPECT_FALSE(index_->needs_after(uploads, CutNumber(1), file("b", "x")));
    index_->discard_incoming(CutNumber(1));
    EXPECT_FALSE(index_->needs(uploads, x));
}

TEST_F(SecondaryIndexTest, AnEarlierCutThatIsReceivedIsSeen) {
    const std::vector<FileEntry> entries{file("a", "x")};
    index_->add_incoming(CutNumber(1), uploads, entries);
    EXPECT_FALSE(index_->is_incoming_before(CutNumber(2), uploads, "a"));  // not received
    database_.execute("INSERT INTO secondary_cuts VALUES (1, 0, 0, x'')");
    EXPECT_TRUE(index_->is_incoming_before(CutNumber(2), uploads, "a"));
    EXPECT_FALSE(index_->is_incoming_before(CutNumber(1), uploads, "a"));
    EXPECT_FALSE(index_->is_incoming_before(CutNumber(2), uploads, "b"));
}

TEST_F(SecondaryIndexTest, TotalsAreThoseOfTheEntries) {
    settle(CutNumber(1), {file("a", "1"), file("b", "22"), file("c", "333")});
    settle(CutNumber(2), {file("b", "4444"), gone("c"), gone("never was")});
    TreeDigest expected;
    expected.add(entry_digest(file("a", "1")));
    expected.add(entry_digest(file("b", "4444")));
    const TreeTotals totals = index_->totals(uploads);
    EXPECT_EQ(totals.entries, 2U);
    EXPECT_EQ(totals.bytes, 5U);
    EXPECT_EQ(totals.digest, expected);
    EXPECT_TRUE(incoming(CutNumber(2), Order::ascending).empty());
    EXPECT_EQ(index_->find(uploads, "b")->entry, file("b", "4444"));
    EXPECT_EQ(index_->find(uploads, "b")->identity, (DiskIdentity{7, {1, 2}}));
    EXPECT_FALSE(index_->find(uploads, "c").has_value());
    std::vector<std::string> paths;
    index_->walk(uploads, Order::descending, [&](const FileEntry& e) { paths.push_back(e.path); });
    EXPECT_EQ(paths, (std::vector<std::string>{"b", "a"}));
    settle(CutNumber(3), {gone("a"), gone("b")});
    EXPECT_EQ(index_->totals(uploads).digest, TreeDigest());
}

TEST_F(SecondaryIndexTest, ContentAndLinksAreFound) {
    settle(CutNumber(1), {file("a", "x", "g"), file("b", "x", "g"), file("c", "x")});
    EXPECT_EQ(index_->find_by_sha256(uploads, sha256("x"), 10).size(), 3U);
    EXPECT_EQ(index_->find_by_sha256(uploads, sha256("x"), 2).size(), 2U);
    ASSERT_EQ(index_->find_link_group(uploads, "g").size(), 2U);
    EXPECT_EQ(index_->find_link_group(uploads, "g")[0].entry.path, "a");
    const std::vector<FileEntry> more{file("z", "y", "h"), file("y", "y", "h")};
    index_->add_incoming(CutNumber(2), uploads, more);
    EXPECT_EQ(index_->first_incoming_of_link(CutNumber(2), uploads, "h")->path, "y");
    EXPECT_FALSE(index_->first_incoming_of_link(CutNumber(2), uploads, "g").has_value());
    EXPECT_EQ(index_->find_incoming(CutNumber(2), uploads, "z"), more[0]);
    EXPECT_FALSE(index_->needs_after(uploads, CutNumber(2), more[1]));  // only its own other name
    EXPECT_TRUE(index_->needs_after(uploads, CutNumber(2), file("y", "y")));
}

// A look at one path of a tree, or of a cut, must not go through all of them: a secondary looks for
// each content that it is told of.
TEST_F(SecondaryIndexTest, WhatIsAskedForEachPathTakesAnIndex) {
    std::vector<FileEntry> entries;
    for (int i = 0; i < 3000; ++i) {
        const std::string name = std::to_string(i);
        entries.push_back(file("f" + name, name, i % 2 == 0 ? "" : "link" + name));
    }
    settle(CutNumber(1), entries);
    index_->add_incoming(CutNumber(2), uploads, entries);
    database_.execute(
        "INSERT INTO secondary_cuts (cut, base, is_mark, as_of) VALUES (2, 1, 0, x'')");

    const test::SqliteSteps steps(database_);
    EXPECT_TRUE(index_->find_by_sha256(uploads, sha256("none")).empty());
    EXPECT_TRUE(index_->find_link_group(uploads, "none").empty());
    EXPECT_FALSE(index_->first_incoming_of_link(CutNumber(2), uploads, "none"));
    EXPECT_FALSE(index_->is_incoming_before(CutNumber(3), uploads, "none"));
    EXPECT_FALSE(index_->needs(uploads, sha256("none")));
    EXPECT_FALSE(index_->needs_after(uploads, CutNumber(3), entries.front()));
    EXPECT_LT(steps.count(), 1000U);
}

// What SQLite gives back and is none of ours is our state's fault, not the peer's.
TEST_F(SecondaryIndexTest, AnEntryThatCannotBeReadIsDamage) {
    settle(CutNumber(1), {file("a", "x")});
    database_.execute("UPDATE secondary_entries SET entry = x'00'");
    EXPECT_EQ(test::code_of([&] { (void)index_->find(uploads, "a"); }), ErrorCode::state_damaged);
}

}  // namespace
}  // namespace farshore::storage
