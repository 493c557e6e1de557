// A change of the filters: nothing is deleted for it.

#include <algorithm>
#include <filesystem>

#include "storage/state/held_deletions.hpp"
#include "tests/agent/primary/files/tree_fixture.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

class TreeSourceHeldTest : public TreeFixture {
  protected:
    std::size_t open_and_cut() {
        open();
        std::size_t removed = 0;
        for (int i = 0; i < 8; ++i) {
            last_ = cut();
            removed += last_.removals.size();
            clock_.advance(Duration::from_ms(1'200));
        }
        return removed;
    }
    [[nodiscard]] bool says_that_filters_changed() const {
        return std::any_of(last_.uncovered.begin(), last_.uncovered.end(),
                           [](const Uncovered& item) { return item.name == "exclude"; });
    }

    TreeCut last_;
};

TEST_F(TreeSourceHeldTest, ExcludingDeletesNothingAndItIsSaid) {
    write("cache/one", "1");
    write("kept", "2");
    open_and_cut();
    EXPECT_FALSE(says_that_filters_changed());
    const auto before = index();
    settings_.tree.exclude = {"/cache/"};
    EXPECT_EQ(open_and_cut(), 0U);
    EXPECT_EQ(index(), before);
    EXPECT_TRUE(says_that_filters_changed());
    // Nor what is deleted while it is excluded.
    fs::remove(at("cache/one"));
    EXPECT_EQ(open_and_cut(), 0U);
    EXPECT_EQ(index(), before);
    EXPECT_EQ(last_.pending.files, 0U);
}

TEST_F(TreeSourceHeldTest, WhatWasExcludedBeforeAnySecondaryHadItHoldsNoCutUp) {
    write("cache/one", "1");
    write("cache/two", "2");
    open_and_cut();
    const FileEntry one = entry("cache/one");
    settings_.tree.exclude = {"/cache/"};
    open_and_cut();
    write("cache/one", "changed");
    EXPECT_FALSE(source_->read_wanted(
        {.tree = SourceName("files"), .path = one.path, .sha256 = *one.sha256, .size = one.size},
        sink_));
    EXPECT_EQ(cut().removals, std::vector<std::string>{"cache/one"});
    EXPECT_TRUE(index().contains("cache/two"));
    EXPECT_EQ(cut().removals.size(), 0U);
}

TEST_F(TreeSourceHeldTest, WhatWentWhileItWasExcludedIsHeldWhenItIsNoMore) {
    write("cache/one", "1");
    write("cache/two", "2");
    open_and_cut();
    settings_.tree.exclude = {"/cache/"};
    open_and_cut();
    fs::remove(at("cache/one"));
    write("cache/new", "3");
    settings_.tree.exclude = {};
    EXPECT_EQ(open_and_cut(), 0U);
    EXPECT_TRUE(index().contains("cache/one"));
    EXPECT_TRUE(index().contains("cache/new"));
    storage::HeldDeletions held(state_->database());
    ASSERT_EQ(held.batches().size(), 1U);
    EXPECT_EQ(held.batches()[0].entries, 1U);
    // What is deleted from now on is an ordinary deletion.
    fs::remove(at("cache/two"));
    EXPECT_EQ(cut().removals.size(), 1U);
    ASSERT_TRUE(held.approve(held.batches()[0].id).has_value());
    source_->take_approved();
    EXPECT_EQ(cut().removals.size(), 1U);
    EXPECT_EQ(index(), disk());
}

}  // namespace
}  // namespace farshore::primary
