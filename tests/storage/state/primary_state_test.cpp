#include "storage/state/primary_state.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "protocol/limits.hpp"
#include "protocol/tree_digest.hpp"
#include "storage/state/cut_commit.hpp"
#include "tests/support/sqlite_steps.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

Forgettable only_tombstones(std::uint64_t cut) {
    return {.marks = {}, .tombstones = CutNumber(cut), .identities = {}};
}

Forgettable only_marks(std::uint64_t mark) {
    return {.marks = MarkNumber(mark), .tombstones = {}, .identities = {}};
}

Forgettable only_identities(std::uint64_t cut) {
    return {.marks = {}, .tombstones = {}, .identities = CutNumber(cut)};
}

class PrimaryStateTest : public testing::Test {
  protected:
    static CapturedEntry captured(const std::string& path, const std::string& content,
                                  std::uint64_t inode = 7) {
        CapturedEntry row;
        row.entry.path = path;
        row.entry.size = content.size();
        row.entry.sha256 = sha256(content);
        row.identity.filesystem = 1;
        row.identity.inode = inode;
        row.identity.size = content.size();
        return row;
    }
    void put(const std::vector<CapturedEntry>& rows) {
        CutCommit commit(state_);
        for (const CapturedEntry& row : rows) {
            commit.put(tree_, row);
        }
        commit.commit();
    }
    std::vector<std::string> walked(std::string_view after = "") {
        std::vector<std::string> paths;
        state_.walk(tree_, after, [&](const CapturedEntry& row) {
            paths.push_back(row.entry.path);
            return true;
        });
        return paths;
    }

    test::TemporaryDirectory directory_;
    PrimaryState state_{directory_ / "state.db"};
    const SourceName tree_{"files"};
};

TEST_F(PrimaryStateTest, FindsLargeFilesByTheirSize) {
    const std::uint64_t size = limits::small_file + 1;
    for (const char* path : {"a", "b", "c"}) {
        CapturedEntry row = captured(path, "content", 1);
        row.entry.size = *path == 'c' ? limits::small_file : size;
        put({row});
    }
    const auto found = state_.large_files_of_size(tree_, size, 5);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].path, "a");
    EXPECT_EQ(found[1].sha256, sha256("content"));
    EXPECT_EQ(state_.large_files_of_size(tree_, size, 1).size(), 1U);
    EXPECT_TRUE(state_.large_files_of_size(tree_, limits::small_file, 5).empty());
    EXPECT_TRUE(state_.large_files_of_size(SourceName("other"), size, 5).empty());
    CutCommit commit(state_);
    EXPECT_TRUE(commit.remove(tree_, "a"));
    commit.commit();
    EXPECT_EQ(state_.large_files_of_size(tree_, size, 5).size(), 1U);
}

TEST_F(PrimaryStateTest, FindsEntriesByPathInodeAndContent) {
    put({captured("a", "one", 1), captured("a/b", "two", 2), captured("a-c", "one", 1)});
    ASSERT_TRUE(state_.find(tree_, "a/b").has_value());
    EXPECT_EQ(state_.find(tree_, "a/b")->entry.sha256, sha256("two"));
    EXPECT_FALSE(state_.find(tree_, "x").has_value());
    EXPECT_FALSE(state_.find(SourceName("other"), "a").has_value());
    EXPECT_EQ(state_.paths_of_inode(tree_, 1, 1), (std::vector<std::string>{"a", "a-c"}));
    EXPECT_TRUE(state_.paths_of_inode(tree_, 2, 1).empty());
    StatIdentity now = state_.find(tree_, "a").value().identity;
    EXPECT_TRUE(state_.outdated_paths_of_inode(tree_, now).empty());
    now.links += 1;
    EXPECT_EQ(state_.outdated_paths_of_inode(tree_, now), (std::vector<std::string>{"a", "a-c"}));
    now.inode = 3;
    EXPECT_TRUE(state_.outdated_paths_of_inode(tree_, now).empty());
    EXPECT_TRUE(state_.has_content(tree_, sha256("two")));
    EXPECT_FALSE(state_.has_content(tree_, sha256("three")));
    EXPECT_EQ(walked(), (std::vector<std::string>{"a", "a-c", "a/b"}));
    EXPECT_EQ(walked("a-c"), std::vector<std::string>{"a/b"});
    EXPECT_EQ(state_.paths_below(tree_, "a"), std::vector<std::string>{"a/b"});
}

TEST_F(PrimaryStateTest, ChangesSinceACutAreWhatChangedLater) {
    put({captured("a", "1"), captured("b", "1")});
    put({captured("b", "2")});
    {
        CutCommit commit(state_);
        EXPECT_TRUE(commit.remove(tree_, "a"));
        EXPECT_FALSE(commit.remove(tree_, "a"));
        EXPECT_FALSE(commit.remove(tree_, "never"));
        commit.commit();
    }
    const auto since = [&](std::uint64_t base) {
        std::vector<std::pair<std::string, EntryType>> found;
        state_.sorted_changes_since(tree_, CutNumber(base), [&](const FileEntry& entry) {
            found.emplace_back(entry.path, entry.type);
        });
        return found;
    };
    using enum EntryType;
    using Changes = std::vector<std::pair<std::string, EntryType>>;
    EXPECT_EQ(since(0), (Changes{{"a", deleted}, {"b", file}}));
    EXPECT_EQ(since(2), (Changes{{"a", deleted}}));
    EXPECT_EQ(since(3), Changes{});
    EXPECT_FALSE(state_.find(tree_, "a").has_value());
    EXPECT_FALSE(state_.forget(only_tombstones(2), 10));
    EXPECT_EQ(since(0).size(), 2U);
    EXPECT_FALSE(state_.forget(only_tombstones(3), 10));
    EXPECT_EQ(since(0).size(), 1U);
    EXPECT_EQ(state_.forgotten(), CutNumber(3));
    EXPECT_FALSE(state_.forget(only_tombstones(1), 10));
    EXPECT_EQ(state_.forgotten(), CutNumber(3));
}

TEST_F(PrimaryStateTest, RemembersRootPeersAndEpoch) {
    EXPECT_FALSE(state_.tree(tree_).marker_id.has_value());
    state_.set_root(tree_, "id", 5, 6);
    state_.set_epoch(Epoch(3));
    state_.set_peer(AgentName("west"), {.received_cut = CutNumber(9),
                                        .applied_cut = CutNumber(8),
                                        .received_mark = MarkNumber(4)});
    const PrimaryState again(directory_ / "state.db");
    EXPECT_EQ(state_.tree(tree_).marker_id, "id");
    EXPECT_EQ(state_.tree(tree_).root_filesystem, 5U);
    EXPECT_EQ(state_.tree(tree_).root_inode, 6U);
    EXPECT_EQ(state_.standing().epoch, Epoch(3));
    EXPECT_EQ(state_.peer(AgentName("west"))->received_cut, CutNumber(9));
    EXPECT_EQ(state_.peer(AgentName("west"))->received_mark, MarkNumber(4));
    EXPECT_FALSE(state_.peer(AgentName("other")).has_value());
}

TEST_F(PrimaryStateTest, MarksAreKeptInOrderUntilForgotten) {
    for (int i = 1; i <= 4; ++i) {
        CutCommit commit(state_);
        EXPECT_EQ(commit.mark(), MarkNumber(static_cast<std::uint64_t>(i)));
        commit.seal(i == 2, "envelope " + std::to_string(i));
        commit.commit();
        put({captured("between", std::to_string(i))});
    }
    EXPECT_EQ(state_.newest_mark()->envelope, "envelope 4");
    EXPECT_EQ(state_.newest_complete_mark()->mark, MarkNumber(2));
    std::vector<std::uint64_t> found;
    state_.marks_between(CutNumber(1), CutNumber(5),
                         [&](const StoredMark& mark) { found.push_back(mark.mark.value()); });
    EXPECT_EQ(found, (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(state_.marks_above(MarkNumber(2), 1).size(), 1U);
    EXPECT_FALSE(state_.forget(only_marks(4), 10));
    EXPECT_EQ(state_.newest_complete_mark()->mark, MarkNumber(2));
    EXPECT_EQ(state_.newest_mark()->mark, MarkNumber(4));
    EXPECT_EQ(state_.marks_above(MarkNumber(0), 10).size(), 2U);
}

TEST_F(PrimaryStateTest, MarksAreForgottenAlsoWhenNoneWasEverComplete) {
    for (int i = 1; i <= 9; ++i) {
        CutCommit commit(state_);
        commit.seal(false, "envelope");
        commit.commit();
    }
    EXPECT_TRUE(state_.forget(only_marks(8), 3));
    EXPECT_TRUE(state_.forget(only_marks(8), 3));
    while (state_.forget(only_marks(8), 3)) {
    }
    const auto left = state_.marks_above(MarkNumber(0), 10);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].mark, MarkNumber(9));
}

TEST_F(PrimaryStateTest, ACutIsKnownByItsIdentityUntilThatIsForgotten) {
    const std::string identity(16, 'i');
    for (int i = 1; i <= 3; ++i) {
        CutCommit commit(state_);
        commit.set_identity(identity);
        commit.commit();
    }
    EXPECT_EQ(state_.cut_identity(CutNumber(2)), identity);
    EXPECT_EQ(state_.cut_identity(CutNumber(4)), std::nullopt);
    EXPECT_FALSE(state_.forget(only_identities(2), 10));
    EXPECT_EQ(state_.cut_identity(CutNumber(2)), std::nullopt);
    EXPECT_EQ(state_.cut_identity(CutNumber(3)), identity);
}

TEST_F(PrimaryStateTest, ATreeThatComesBackIntoTheConfigRejoins) {
    put({captured("a", "1")});
    const SourceName other("other");
    EXPECT_EQ(state_.rejoining({tree_, other}), std::vector<SourceName>{tree_});
    state_.set_configured({tree_, other});
    EXPECT_TRUE(state_.rejoining({tree_, other}).empty());
    state_.set_configured({other});  // a start without it
    put({captured("b", "1")});
    EXPECT_EQ(state_.rejoining({tree_, other}), std::vector<SourceName>{tree_});
    state_.set_configured({tree_, other});
    EXPECT_EQ(state_.rejoined(tree_), CutNumber(state_.standing().cut.value() + 1));
    EXPECT_EQ(state_.rejoined(other), CutNumber());
    state_.set_configured({tree_, other});
    EXPECT_TRUE(state_.rejoining({tree_, other}).empty());
}

// Asked with each mark or manifest, of trees and rows of any number.
TEST_F(PrimaryStateTest, WhatIsAskedForEachMarkTakesAnIndex) {
    std::vector<CapturedEntry> rows;
    for (int i = 0; i < 3000; ++i) {
        rows.push_back(captured("f" + std::to_string(i), std::to_string(i)));
    }
    put(rows);
    const CutNumber before = state_.standing().cut;
    put({captured("changed", "now")});
    for (int i = 0; i < 300; ++i) {
        CutCommit commit(state_);
        commit.seal(true, "envelope");
        commit.commit();
    }

    const test::SqliteSteps steps(state_.database());
    std::vector<std::string> changed;
    const auto take = [&](const FileEntry& entry) { changed.push_back(entry.path); };
    state_.sorted_changes_since(tree_, before, take);
    state_.changes_since(tree_, before, take);
    EXPECT_EQ(changed, (std::vector<std::string>{"changed", "changed"}));
    EXPECT_EQ(state_.newest_mark()->mark, MarkNumber(300));
    EXPECT_EQ(state_.newest_complete_mark()->mark, MarkNumber(300));
    EXPECT_FALSE(state_.has_content(tree_, sha256("none")));
    EXPECT_LT(steps.count(), 1000U);
}

}  // namespace
}  // namespace farshore::storage
