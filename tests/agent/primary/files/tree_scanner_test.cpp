#include "agent/primary/files/tree_scanner.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "tests/agent/primary/files/tree_fixture.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

using TreeScannerTest = TreeFixture;

TEST_F(TreeScannerTest, WhatNoEventTellsOfIsFoundByTheSweep) {
    settings_.sweep_interval = Duration::from_ms(50);
    write("mapped", std::string(4096, 'a'));
    write("linked", "inside");
    fs::create_hard_link(at("linked"), directory_ / "outside");
    start();
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    const int file = ::open(at("mapped").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_GE(file, 0);
    void* map = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ASSERT_NE(map, MAP_FAILED);
    static_cast<char*>(map)[7] = 'b';
    ::munmap(map, 4096);
    ::close(file);
    test::write_whole(directory_ / "outside", "by another name");
    for (int i = 0; i < 100 && index() != disk(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        cut();
    }
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeScannerTest, WhatHappenedWhileNobodyWatchedIsCaughtUp) {
    write("kept", "1");
    write("removed/inside", "2");
    write("changed", "3");
    start();
    source_.reset();
    fs::remove_all(at("removed"));
    write("changed", "33");
    write("added", "4");
    open();
    const TreeCut first = cut();
    EXPECT_TRUE(first.first_scan_done);
    EXPECT_FALSE(first.is_current);  // not before its removals are in a cut, too
    EXPECT_TRUE(first.removals.empty());
    EXPECT_FALSE(put_paths(first).contains("kept"));
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeScannerTest, AnOverflowOfTheEventQueueHoldsTheTreeUntilItIsScannedAgain) {
    start();
    std::size_t queue = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
    if (queue > 100'000) {
        GTEST_SKIP() << "the queue is too long for a test: " << queue;
    }
    fs::create_directory(at("d"));
    cut();
    for (std::size_t i = 0; i < queue / 2 + 100; ++i) {
        const std::string path = at("d/f" + std::to_string(i % 500));
        ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        ::unlink(path.c_str());
    }
    write("d/last", "must be found");
    fs::create_directories(at("made/after/the/overflow"));
    write("made/after/the/overflow/file", "too");
    EXPECT_FALSE(cut().is_current);
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeScannerTest, WithoutWatchesItIsAsOfItsLastScanAndSaysSo) {
    settings_.unwatched_sweep_interval = Duration::from_ms(10);
    write("a/one", "1");
    write("b/two", "2");
    open(2);  // the root and one more
    TreeCut last;
    for (int i = 0; i < 100 && !last.is_current; ++i) {
        last = cut();
    }
    EXPECT_TRUE(last.is_current);
    ASSERT_FALSE(last.uncovered.empty());
    EXPECT_EQ(last.uncovered[0].name, "b");
    EXPECT_NE(last.uncovered[0].reason.find("max_user_watches"), std::string::npos);
    EXPECT_EQ(last.taken.utc, last.swept);
    write("b/two", "22");
    for (int i = 0; i < 100 && index() != disk(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        cut();
    }
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeScannerTest, WithoutWatchesItIsNotCurrentWhileASweepRunsEither) {
    // Longer than any cut here takes, however slow the build: the second sweep begins when asked
    // to.
    settings_.unwatched_sweep_interval = Duration::from_seconds(60);
    write("a/one", "1");
    write("b/two", "2");
    open(2);  // the root and one more
    TreeCut last;
    for (int i = 0; i < 100 && !last.is_current; ++i) {
        last = cut();
    }
    ASSERT_TRUE(last.is_current);
    clock_.advance(Duration::from_seconds(120));
    // A cut without time: its sweep has begun and looked at nothing.
    const ClockReading taken = clock_.read();
    source_->drain();
    source_->drain_again();
    const TreeCut during = source_->capture({.taken = taken, .deadline = taken.boot});
    commit(during);
    ASSERT_TRUE(during.more_to_scan);
    ASSERT_FALSE(during.uncovered.empty());
    EXPECT_EQ(during.uncovered[0].name, "b");
    EXPECT_LT(during.taken.utc, taken.utc);
}

TEST_F(TreeScannerTest, ExcludedPathsAreNoEntriesAndWhatWasOneStays) {
    write("keep.txt", "1");
    write("later.tmp", "2");
    write("cache/x", "3");
    start();
    settings_.tree.exclude = {"*.tmp", "/cache/"};
    open();
    cut_until_quiet();
    EXPECT_TRUE(index().contains("later.tmp"));  // excluding never deletes
    EXPECT_TRUE(index().contains("cache/x"));
    write("new.tmp", "4");
    write("cache/y", "5");
    write("cache/deep/z", "6");
    write("other/cache/y", "7");
    fs::remove(at("later.tmp"));
    cut();
    EXPECT_FALSE(index().contains("new.tmp"));
    EXPECT_FALSE(index().contains("cache/y"));
    EXPECT_FALSE(index().contains("cache/deep"));
    EXPECT_TRUE(index().contains("other/cache/y"));
    EXPECT_TRUE(index().contains("later.tmp"));
}

TEST_F(TreeScannerTest, PathsLongerThanTheKernelTakesAreCaptured) {
    open();
    const std::string name(200, 'n');
    std::string path;
    storage::Handle directory = files_.open_root(root());
    for (int i = 0; i < 30; ++i) {
        files_.make_directory(directory, name, 0755);
        directory = files_.open_directory(directory, name);
        path += (path.empty() ? "" : "/") + name;
    }
    const storage::Handle file = files_.create_file(directory, "leaf");
    files_.write_at(file, 0, std::as_bytes(std::span(std::string_view("deep"))));
    cut_until_quiet();
    EXPECT_EQ(entry(path + "/leaf").sha256, sha256("deep"));
}

}  // namespace
}  // namespace farshore::primary
