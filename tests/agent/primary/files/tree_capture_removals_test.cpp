// What a cut removes, puts off or holds.

#include <filesystem>

#include "storage/state/held_deletions.hpp"
#include "tests/agent/primary/files/tree_fixture.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

class TreeCaptureRemovalsTest : public TreeFixture {
  protected:
    TreeCaptureRemovalsTest() { settings_.tree.delete_guard.share = 0.25; }

    void fill(const std::string& directory, int count) const {
        for (int i = 0; i < count; ++i) {
            write(directory + "/f" + std::to_string(i), directory + std::to_string(i));
        }
    }
    // Cuts until what waits has been judged; what they removed.
    std::size_t cut_through() {
        std::size_t removed = 0;
        for (int i = 0; i < 8; ++i) {
            removed += cut().removals.size();
            clock_.advance(Duration::from_ms(1'200));
        }
        return removed;
    }
    std::vector<storage::HeldBatch> held() {
        return storage::HeldDeletions(state_->database()).batches();
    }
    void approve(std::uint64_t id) {
        ASSERT_TRUE(storage::HeldDeletions(state_->database()).approve(id).has_value());
        source_->take_approved();
    }
};

TEST_F(TreeCaptureRemovalsTest, AMassDeletionIsHeldAsAWholeAndNamed) {
    fill("a", 300);
    write("b", "stays");
    start();
    const auto before = index();
    const auto totals = state_->tree(SourceName("files")).totals;
    fs::remove_all(at("a"));
    EXPECT_EQ(cut_through(), 0U);
    EXPECT_EQ(index(), before);
    EXPECT_EQ(state_->tree(SourceName("files")).totals.entries, totals.entries);
    ASSERT_EQ(held().size(), 1U);
    EXPECT_EQ(held()[0].entries, 301U);
    const TreeCut quiet = cut();
    EXPECT_TRUE(quiet.is_current);
    EXPECT_EQ(quiet.pending.files, 301U);
    EXPECT_FALSE(quiet.pending.paths.empty());
    EXPECT_TRUE(quiet.pending.oldest.has_value());
    ASSERT_TRUE(quiet.held_notice.has_value());
    EXPECT_EQ(quiet.held_notice->code(), ErrorCode::deletions_held);
    // Other changes go on meanwhile.
    write("b", "changed");
    EXPECT_EQ(cut().puts.size(), 1U);
}

TEST_F(TreeCaptureRemovalsTest, WhatIsApprovedGoesAndWhatComesLaterDoesNot) {
    fill("a", 200);
    fill("b", 200);
    start();
    fs::remove_all(at("a"));
    EXPECT_EQ(cut_through(), 0U);
    const std::uint64_t first = held().at(0).id;
    approve(first);
    EXPECT_EQ(cut_through(), 201U);
    EXPECT_EQ(index(), disk());
    EXPECT_TRUE(held().empty());
    EXPECT_FALSE(cut().held_notice.has_value());
    fs::remove_all(at("b"));
    EXPECT_EQ(cut_through(), 0U);
    EXPECT_GT(held().at(0).id, first);
}

TEST_F(TreeCaptureRemovalsTest, ItStaysHeldAcrossARestart) {
    fill("a", 200);
    start();
    fs::remove_all(at("a"));
    EXPECT_EQ(cut_through(), 0U);
    const std::uint64_t id = held().at(0).id;
    open();
    EXPECT_EQ(cut_through(), 0U);
    ASSERT_EQ(held().size(), 1U);
    EXPECT_EQ(held()[0].id, id);
    EXPECT_EQ(held()[0].entries, 201U);
    // Approved right before another one.
    ASSERT_TRUE(storage::HeldDeletions(state_->database()).approve(id).has_value());
    open();
    EXPECT_EQ(cut_through(), 201U);
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeCaptureRemovalsTest, WhatWasDeletedWhileNobodyLookedIsHeldToo) {
    fill("a", 200);
    start();
    source_.reset();
    fs::remove_all(at("a"));
    open();
    EXPECT_EQ(cut_through(), 0U);
    EXPECT_EQ(held().at(0).entries, 201U);
}

TEST_F(TreeCaptureRemovalsTest, CutByCutItDoesNotSlipThrough) {
    fill("a", 600);
    start();
    std::size_t removed = 0;
    for (int i = 0; i < 600; ++i) {
        fs::remove(at("a/f" + std::to_string(i)));
        if (i % 10 == 9) {
            clock_.advance(Duration::from_ms(100));
            removed += cut().removals.size();
        }
    }
    removed += cut_through();
    EXPECT_LE(removed, 150U);
    ASSERT_EQ(held().size(), 1U);
    EXPECT_EQ(removed + held()[0].entries, 600U);
}

TEST_F(TreeCaptureRemovalsTest, ARenameIsNoDeletion) {
    fill("a", 300);
    fs::create_symlink("x", at("a/link"));
    fs::create_hard_link(at("a/f1"), at("a/other"));
    start();
    fs::rename(at("a"), at("moved"));
    const TreeCut renamed = cut();
    EXPECT_EQ(renamed.removals.size(), 303U);
    EXPECT_EQ(index(), disk());
    EXPECT_TRUE(held().empty());
    // One by one into another directory.
    fs::create_directory(at("new"));
    for (int i = 0; i < 300; ++i) {
        const std::string name = "f" + std::to_string(i);
        fs::rename(at("moved/" + name), at("new/" + name));
    }
    EXPECT_EQ(cut().removals.size(), 300U);
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeCaptureRemovalsTest, NewFilesWithTheInodesOfDeletedOnesSaveNobody) {
    fill("a", 300);
    start();
    fs::remove_all(at("a"));
    for (int i = 0; i < 300; ++i) {
        write("n" + std::to_string(i), "new" + std::to_string(i));
    }
    EXPECT_EQ(cut_through(), 0U);
    EXPECT_GE(held().at(0).entries, 300U);
}

TEST_F(TreeCaptureRemovalsTest, ASmallTreeMayGo) {
    fill("a", 95);
    start();
    fs::remove_all(at("a"));
    EXPECT_EQ(cut().removals.size(), 96U);
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeCaptureRemovalsTest, WhatComesBackLeavesTheBatch) {
    fill("a", 200);
    start();
    fs::rename(at("a"), directory_ / "aside");
    EXPECT_EQ(cut_through(), 0U);
    EXPECT_EQ(held().at(0).entries, 201U);
    write("a/f1", "another");
    cut_through();
    EXPECT_EQ(held().at(0).entries, 199U);
    fs::remove_all(at("a"));
    cut_through();
    fs::rename(directory_ / "aside", at("a"));
    cut_through();
    EXPECT_TRUE(held().empty());
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeCaptureRemovalsTest, WhatNoSecondaryHasIsNotHeldForIt) {
    fill("a", 200);
    start();
    const FileEntry known = entry("a/f1");
    const FileEntry nowhere = entry("a/f2");
    const CutNumber cut_of_known = state_->find(SourceName("files"), "a/f1")->cut;
    fs::remove_all(at("a"));
    EXPECT_EQ(cut_through(), 0U);
    const auto want = [&](const FileEntry& wanted) {
        return source_->read_wanted({.tree = SourceName("files"),
                                     .path = wanted.path,
                                     .sha256 = *wanted.sha256,
                                     .size = wanted.size},
                                    sink_);
    };
    state_->set_peer(AgentName("west"),
                     {.received_cut = cut_of_known, .applied_cut = {}, .received_mark = {}});
    EXPECT_FALSE(want(known));
    EXPECT_EQ(cut_through(), 0U);
    EXPECT_EQ(held().at(0).entries, 201U);
    state_->set_peer(AgentName("west"), {});
    EXPECT_FALSE(want(nowhere));
    EXPECT_EQ(cut_through(), 1U);
    EXPECT_FALSE(index().contains("a/f2"));
    EXPECT_EQ(held().at(0).entries, 200U);
}

TEST_F(TreeCaptureRemovalsTest, ADirectoryThatBecomesAFileWaitsForWhatWasInIt) {
    fill("a", 200);
    start();
    fs::remove_all(at("a"));
    write("a", "a file now");
    EXPECT_EQ(cut_through(), 0U);
    EXPECT_EQ(entry("a").type, EntryType::directory);
    EXPECT_EQ(held().at(0).entries, 201U);
    approve(held()[0].id);
    EXPECT_EQ(cut_through(), 200U);
    EXPECT_EQ(index(), disk());
    EXPECT_TRUE(held().empty());
}

TEST_F(TreeCaptureRemovalsTest, ADirectoryThatBecomesAFileIsPutAtOnceWhenThatIsLittle) {
    fill("a", 3);
    fill("b", 3);
    start();
    fs::remove_all(at("a"));
    write("a", "a file now");
    fs::remove_all(at("b"));
    fs::create_symlink("x", at("b"));
    EXPECT_EQ(cut().removals.size(), 6U);
    EXPECT_EQ(index(), disk());
}

}  // namespace
}  // namespace farshore::primary
