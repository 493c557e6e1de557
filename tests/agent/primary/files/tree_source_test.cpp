#include "agent/primary/files/tree_source.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <thread>

#include "protocol/limits.hpp"
#include "tests/agent/primary/files/tree_fixture.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

using TreeSourceTest = TreeFixture;

const std::string large(limits::small_file * 4, 'L');

TEST_F(TreeSourceTest, TheFirstScanFindsEveryKindOfEntry) {
    write("plain", "hello");
    write("empty", "");
    write("deep/er/file", "x");
    write("big", large);
    write(std::string("bad\xff\nname"), "bytes");
    fs::create_symlink("../nowhere", at("link"));
    fs::create_directory(at("hollow"));
    ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0640), 0);
    ASSERT_EQ(::chmod(at("plain").c_str(), 04751), 0);
    ASSERT_EQ(::setxattr(at("plain").c_str(), "user.note", "kept", 4, 0), 0);
    open();
    EXPECT_FALSE(cut().is_current);
    const TreeCut quiet = cut_until_quiet();
    EXPECT_TRUE(quiet.first_scan_done);
    EXPECT_TRUE(quiet.swept.has_value());
    EXPECT_TRUE(quiet.uncovered.empty());
    EXPECT_EQ(index(), disk());
    EXPECT_TRUE(sink_.has("hello"));
    EXPECT_TRUE(sink_.has(""));
    EXPECT_TRUE(sink_.has(large));
    EXPECT_EQ(entry("plain").mode, 04751U);
    EXPECT_EQ(entry("plain").xattrs.at("user.note"), "kept");
    EXPECT_EQ(entry("empty").size, 0U);
    EXPECT_EQ(entry("link").mode, 0U);
    EXPECT_EQ(entry("fifo").type, EntryType::fifo);
    EXPECT_EQ(state_->tree(SourceName("files")).totals.entries, disk().size());
}

TEST_F(TreeSourceTest, ChangesAreInTheNextCut) {
    write("a/file", "one");
    start();
    write("a/file", "two");
    write("a/new", "three");
    const TreeCut changed = cut();
    EXPECT_TRUE(changed.is_current);
    EXPECT_EQ(changed.pending.files, 0U);
    EXPECT_EQ(put_paths(changed), (std::set<std::string>{"a", "a/file", "a/new"}));
    EXPECT_EQ(index(), disk());
    EXPECT_TRUE(sink_.has("two"));

    write("a/file", "");  // emptied
    EXPECT_EQ(cut().puts.size(), 1U);
    EXPECT_EQ(entry("a/file").size, 0U);
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, ADirectoryFilledAtOnceIsFoundWhole) {
    start();
    for (int i = 0; i < 300; ++i) {
        write("d" + std::to_string(i) + "/in/deeper/f" + std::to_string(i), std::to_string(i));
    }
    const TreeCut filled = cut();
    EXPECT_TRUE(filled.is_current);
    EXPECT_EQ(index(), disk());
    // And what is made in them later is told by their own watches.
    write("d7/in/deeper/later", "later");
    cut();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, RemovalsSeenInTheFirstDrainAreInTheCut) {
    write("dir/one", "1");
    write("dir/sub/two", "2");
    write("other", "3");
    start();
    fs::remove_all(at("dir"));
    const TreeCut removed = cut();
    EXPECT_EQ(removed.removals.size(), 4U);
    EXPECT_TRUE(removed.is_current);
    EXPECT_EQ(removed.pending.files, 0U);
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, RemovalsSeenInTheSecondDrainWaitForTheNextCut) {
    write("old", "1");
    start();
    const ClockReading taken = clock_.read();
    const BootTime deadline = taken.boot + Duration::from_ms(5'000);
    source_->drain();
    fs::rename(at("old"), at("new"));  // between L and the second drain
    source_->drain_again();
    const TreeCut first = source_->capture({.taken = taken, .deadline = deadline});
    EXPECT_TRUE(put_paths(first).contains("new"));
    EXPECT_TRUE(first.removals.empty());
    commit(first);
    EXPECT_EQ(cut().removals, std::vector<std::string>{"old"});
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, AFileWrittenBeforeTAndGoneWhenReadIsPendingOnce) {
    start();
    write("gone", "1");
    const ClockReading taken = clock_.read();
    source_->drain();
    fs::remove(at("gone"));
    source_->drain_again();
    const TreeCut first =
        source_->capture({.taken = taken, .deadline = taken.boot + Duration::from_ms(5'000)});
    EXPECT_EQ(first.pending.files, 1U);
    EXPECT_EQ(first.pending.paths, std::vector<std::string>{"gone"});
    commit(first);
    EXPECT_EQ(cut().pending.files, 0U);
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, RenamedDirectoriesKeepTheirContentAndStayWatched) {
    write("a/b/file", "content");
    start();
    sink_.forget();
    fs::rename(at("a"), at("z"));
    cut();
    EXPECT_EQ(index(), disk());
    EXPECT_EQ(sink_.pushed(), 0U);  // known content is not sent again
    write("z/b/file", "changed");
    cut();
    EXPECT_EQ(index(), disk());
    // Back under the old name, with another directory in its place meanwhile.
    write("a/other", "x");
    cut();
    fs::rename(at("z/b"), at("a/b"));
    write("a/b/again", "y");
    cut();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, ADirectoryBecomesAFileAndTheReverse) {
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

TEST_F(TreeSourceTest, ARemovedDirectoryThatComesBackIsFollowed) {
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

TEST_F(TreeSourceTest, HardLinksShareALinkAndFollowEachOther) {
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

TEST_F(TreeSourceTest, ALargeFileIsPendingUntilItIsRead) {
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

TEST_F(TreeSourceTest, ALargeFileThatIsRenamedOrTouchedIsNotSentAgain) {
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

TEST_F(TreeSourceTest, ALargeFileThatChangesWhileItIsReadIsNeverMixed) {
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

TEST_F(TreeSourceTest, SameSizeAndTimeButOtherContentIsFound) {
    write("file", "first");
    start();
    const auto time = fs::last_write_time(at("file"));
    write("file", "other");
    fs::last_write_time(at("file"), time);
    cut();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, ManyWritesWithinOneTickAreAllFound) {
    start();
    for (int i = 0; i < 200; ++i) {
        write("file", "v" + std::to_string(1000 + i));  // the same length each time
        cut();
        ASSERT_EQ(entry("file").sha256, sha256("v" + std::to_string(1000 + i))) << i;
    }
}

TEST_F(TreeSourceTest, WhatNoEventTellsOfIsFoundByTheSweep) {
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

TEST_F(TreeSourceTest, WhatHappenedWhileNobodyWatchedIsCaughtUp) {
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

TEST_F(TreeSourceTest, AnOverflowOfTheEventQueueHoldsTheTreeUntilItIsScannedAgain) {
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

TEST_F(TreeSourceTest, WithoutWatchesItIsAsOfItsLastScanAndSaysSo) {
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

TEST_F(TreeSourceTest, WhatCanNotBeReadIsNamedAndTriedAgain) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root reads everything";
    }
    settings_.sweep_interval = Duration::from_ms(20);
    write("secret", "1");
    write("locked/inside", "2");
    start();
    write("secret", "22");
    fs::permissions(at("secret"), fs::perms::none);
    fs::permissions(at("locked"), fs::perms::none);
    const TreeCut refused = cut();
    EXPECT_GE(refused.pending.files, 1U);
    EXPECT_FALSE(refused.uncovered.empty());
    EXPECT_TRUE(index().contains("locked/inside"));  // unreadable is not removed
    fs::permissions(at("secret"), fs::perms::owner_all);
    fs::permissions(at("locked"), fs::perms::owner_all);
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, ExcludedPathsAreNoEntriesAndWhatWasOneStays) {
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

TEST_F(TreeSourceTest, AnotherRootDeletesNothing) {
    write("precious", "data");
    start();
    const auto before = index();
    fs::rename(root(), root() + ".away");
    const TreeCut missing = cut();
    ASSERT_TRUE(missing.refusal.has_value());
    EXPECT_EQ(missing.refusal->code(), ErrorCode::root_changed);
    EXPECT_FALSE(missing.is_current);

    fs::create_directory(root());
    const TreeCut emptied = cut();
    ASSERT_TRUE(emptied.refusal.has_value());
    EXPECT_NE(emptied.refusal->message().find(root()), std::string::npos);
    EXPECT_TRUE(emptied.removals.empty());
    EXPECT_TRUE(emptied.puts.empty());
    EXPECT_EQ(index(), before);

    fs::remove(root());
    fs::rename(root() + ".away", root());
    write("after", "back");
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, ARootThatIsMissingAtTheStartIsWaitedFor) {
    fs::remove(root());
    open();
    ASSERT_TRUE(cut().refusal.has_value());
    fs::create_directory(root());
    write("now", "here");
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, WhatWasNotCommittedIsCapturedAgain) {
    write("old", "1");
    start();
    write("new", "2");
    fs::remove(at("old"));
    EXPECT_FALSE(capture().puts.empty());  // and the commit fails
    const TreeCut again = cut();
    EXPECT_TRUE(put_paths(again).contains("new"));
    EXPECT_EQ(again.removals, std::vector<std::string>{"old"});
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, WantedContentIsReadAgainOrCapturedAnew) {
    write("small", "content");
    write("big", large);
    start();
    sink_.forget();
    const SourceName tree("files");
    EXPECT_TRUE(source_->read_wanted({tree, "small", sha256("content"), 7}, sink_));
    EXPECT_TRUE(source_->read_wanted({tree, "big", sha256(large), large.size()}, sink_));
    EXPECT_TRUE(sink_.has("content"));
    EXPECT_TRUE(sink_.has(large));
    EXPECT_FALSE(source_->read_wanted({tree, "big", sha256("x"), large.size()}, sink_));
    EXPECT_FALSE(source_->read_wanted({tree, "absent", sha256("x"), 1}, sink_));
    EXPECT_FALSE(source_->read_wanted({tree, "../escape", sha256("x"), 1}, sink_));
    EXPECT_EQ(sink_.aborted, 1);
    EXPECT_TRUE(source_->wait_for_change(Duration::from_ms(0)));
    cut();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, AChangeEndsTheWait) {
    start();
    while (source_->wait_for_change(Duration::from_ms(0))) {
    }
    EXPECT_FALSE(source_->wait_for_change(Duration::from_ms(10)));
    write("file", "x");
    EXPECT_TRUE(source_->wait_for_change(Duration::from_ms(10'000)));
    source_->wake();
    EXPECT_TRUE(source_->wait_for_change(Duration::from_ms(10'000)));
}

TEST_F(TreeSourceTest, PathsLongerThanTheKernelTakesAreCaptured) {
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

TEST_F(TreeSourceTest, ARandomStoryEndsEqual) {
    start();
    std::mt19937 random(11);
    for (int step = 0; step < 3'000; ++step) {
        const auto name = [&] {
            std::string path = "d" + std::to_string(random() % 4);
            if (random() % 2 == 0) {
                path += "/s" + std::to_string(random() % 3);
            }
            return path + "/f" + std::to_string(random() % 6);
        };
        std::error_code ignored;
        switch (random() % 8) {
            case 0:
                fs::remove(at(name()), ignored);
                break;
            case 1:
                fs::rename(at(name()), at(name()), ignored);
                break;
            case 2:
                fs::rename(at(fs::path(name()).parent_path()), at(fs::path(name()).parent_path()),
                           ignored);
                break;
            case 3:
                fs::remove_all(at("d" + std::to_string(random() % 4)), ignored);
                break;
            case 4:
                fs::create_hard_link(at(name()), at(name()), ignored);
                break;
            default:
                fs::create_directories(fs::path(at(name())).parent_path(), ignored);
                std::ofstream(at(name())) << random();
        }
        if (random() % 20 == 0) {
            cut();
        }
    }
    cut_until_quiet();
    EXPECT_EQ(index(), disk());
}

}  // namespace
}  // namespace farshore::primary
