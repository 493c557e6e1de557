#include "agent/primary/files/tree_capture.hpp"

#include <sys/stat.h>

#include <fstream>

#include "protocol/limits.hpp"
#include "tests/agent/primary/files/tree_fixture.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

using TreeCaptureTest = TreeFixture;

const std::string large(limits::small_file * 4, 'L');

TEST_F(TreeCaptureTest, ADirectoryBecomesAFileAndTheReverse) {
    write("swap/inside", "1");
    write("back", "2");
    start();
    fs::remove_all(at("swap"));
    write("swap", "now a file");
    fs::remove(at("back"));
    write("back/inside", "now a directory");
    cut();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeCaptureTest, ARemovedDirectoryThatComesBackIsFollowed) {
    write("dir/file", "1");
    start();
    fs::remove_all(at("dir"));
    cut();
    write("dir/file", "2");
    cut();
    write("dir/more", "3");
    cut();
    EXPECT_EQ(index(), disk());
    fs::remove_all(at("dir"));
    cut();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeCaptureTest, HardLinksShareALinkAndFollowEachOther) {
    write("one", "first");
    start();
    EXPECT_EQ(entry("one").link, "");
    fs::create_directory(at("d"));
    fs::create_hard_link(at("one"), at("d/two"));
    cut();
    EXPECT_NE(entry("one").link, "");
    EXPECT_EQ(entry("one").link, entry("d/two").link);
    // Written through one name: the other one's directory hears nothing.
    write("one", "rewritten");
    cut();
    EXPECT_EQ(entry("d/two").sha256, sha256("rewritten"));
    fs::remove(at("one"));
    cut();
    EXPECT_EQ(entry("d/two").link, "");
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeCaptureTest, ALargeFileIsPendingUntilItIsRead) {
    start();
    write("big", large);
    const TreeCut first = cut();
    EXPECT_EQ(first.pending.files, 1U);
    EXPECT_EQ(first.pending.bytes, large.size());
    EXPECT_EQ(first.pending.paths, std::vector<std::string>{"big"});
    EXPECT_TRUE(first.pending.oldest.has_value());
    EXPECT_TRUE(first.is_current);
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
    EXPECT_TRUE(sink_.has(large));
}

TEST_F(TreeCaptureTest, ALargeFileThatIsRenamedOrTouchedIsNotSentAgain) {
    write("big", large);
    start();
    sink_.forget();
    fs::rename(at("big"), at("renamed"));
    // Both names change in one cut: the old one stays until the new one is known.
    const TreeCut first = cut();
    EXPECT_TRUE(first.removals.empty());
    EXPECT_EQ(first.pending.files, 2U);
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
    ASSERT_EQ(::chmod(at("renamed").c_str(), 0600), 0);
    cut_until_quiet();
    EXPECT_EQ(entry("renamed").mode, 0600U);
    EXPECT_EQ(sink_.pushed(), 0U);
}

TEST_F(TreeCaptureTest, ALargeFileThatIsWrittenAnewBesideTheOldOneIsToldByItsRecipe) {
    write("big", large);
    start();
    const int before = sink_.recipes;
    write(".big.x1", "new" + large);
    cut_until_quiet();
    EXPECT_EQ(sink_.recipes, before + 1);
    EXPECT_EQ(sink_.last_bases, std::vector<std::string>{"big"});
    sink_.forget();
    fs::rename(at(".big.x1"), at("big"));
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
    EXPECT_EQ(sink_.pushed(), 0U);
}

TEST_F(TreeCaptureTest, ALargeFileThatChangesWhileItIsReadIsNeverMixed) {
    start();
    std::atomic<int> meddled{0};
    sink_.on_data = [&] {
        if (meddled++ == 1) {
            std::fstream file(at("big"), std::ios::in | std::ios::out | std::ios::binary);
            file << "changed at the beginning";
        }
    };
    write("big", large);
    cut_until_quiet();
    EXPECT_GE(sink_.aborted, 1);
    EXPECT_EQ(index(), disk());  // the sink checks each digest
}

// What it had when the reading began is sent; what came behind that before the cut began is not.
TEST_F(TreeCaptureTest, AnAppendOnlyFileThatHasGrownSinceItWasReadIsPending) {
    settings_.tree.append_only = {"*.log"};
    const std::string more(70'000, 'm');
    write("big.log", large);
    start();
    sink_.prefix_content = large + more;
    const auto append = [this](const std::string& text) {
        std::ofstream(at("big.log"), std::ios::app | std::ios::binary) << text;
    };
    std::atomic<bool> grown{false};
    sink_.on_data = [&] {
        if (!grown.exchange(true)) {
            append("meanwhile");
        }
    };
    append(more);
    TreeCut read = cut();
    for (int i = 0; i < 400 && !put_paths(read).contains("big.log"); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        read = cut();
    }
    EXPECT_EQ(entry("big.log").size, large.size() + more.size());
    EXPECT_EQ(read.pending.paths, std::vector<std::string>{"big.log"});
    ASSERT_TRUE(read.pending_noticed.has_value());
    EXPECT_LT(*read.pending_noticed, read.taken.boot);
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeCaptureTest, SameSizeAndTimeButOtherContentIsFound) {
    write("file", "first");
    start();
    const auto time = fs::last_write_time(at("file"));
    write("file", "other");
    fs::last_write_time(at("file"), time);
    cut();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeCaptureTest, ManyWritesWithinOneTickAreAllFound) {
    start();
    for (int i = 0; i < 200; ++i) {
        write("file", "v" + std::to_string(1000 + i));  // the same length each time
        cut();
        ASSERT_EQ(entry("file").sha256, sha256("v" + std::to_string(1000 + i))) << i;
    }
}

}  // namespace
}  // namespace farshore::primary
