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

TEST_F(TreeSourceTest, APutThatIsAskedForBeforeTheStartWaitsForIt) {
    make();
    std::thread asker([this] {
        const auto file = source_->put({.path = "early", .mode = 0644, .mtime = {}});
        file->write(std::as_bytes(std::span(std::string_view("bytes"))));
        (void)file->place();
    });
    source_->start();
    asker.join();
    EXPECT_EQ(test::read_whole(at("early")), "bytes");
}

TEST_F(TreeSourceTest, AWriteByANameOutsideOfTheTreeIsInTheNextCut) {
    write("a/file", "one");
    fs::create_directory(directory_ / "outside");
    fs::create_hard_link(at("a/file"), directory_ / "outside/name");
    start();
    test::write_whole(directory_ / "outside/name", "two");
    const TreeCut changed = cut();
    EXPECT_TRUE(changed.is_current);
    EXPECT_TRUE(changed.uncovered.empty());
    EXPECT_EQ(put_paths(changed), (std::set<std::string>{"a/file"}));
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, WhereSuchAFileCanNotBeWatchedEachMarkSaysSo) {
    write("file", "one");
    fs::create_directory(directory_ / "outside");
    fs::create_hard_link(at("file"), directory_ / "outside/name");
    open(1);  // the root's
    const TreeCut quiet = cut_until_quiet();
    EXPECT_TRUE(quiet.is_current);
    ASSERT_EQ(quiet.uncovered.size(), 1U);
    EXPECT_EQ(quiet.uncovered[0].name, ".");
    EXPECT_TRUE(quiet.uncovered[0].reason.starts_with("1 files have names outside"));
    test::write_whole(directory_ / "outside/name", "two");
    clock_.advance(settings_.sweep_interval);
    (void)cut_until_quiet();
    EXPECT_EQ(index(), disk());
}

TEST_F(TreeSourceTest, AWriteThroughAMappingIsFoundByTheNextSweep) {
    write("mapped", std::string(4096, 'a'));
    start();
    const int file = ::open(at("mapped").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_GE(file, 0);
    void* const memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ASSERT_NE(memory, MAP_FAILED);
    ::close(file);
    (void)cut_until_quiet();
    static_cast<char*>(memory)[0] = 'b';
    EXPECT_EQ(::munmap(memory, 4096), 0);
    clock_.advance(settings_.sweep_interval);
    (void)cut_until_quiet();
    EXPECT_EQ(index(), disk());
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
    const BootTime deadline = taken.boot + Duration::from_ms(60'000);
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

// What came back before L may be what a row of before L refers to.
TEST_F(TreeSourceTest, ANameThatCameBackBeforeLAndWentAfterItIsInTheNextCut) {
    write("name", "1");
    write("dir/inside", "1");
    start();
    fs::remove(at("name"));
    fs::remove_all(at("dir"));
    write("name", "2");
    fs::create_directory(at("dir"));
    const ClockReading taken = clock_.read();
    source_->drain();
    source_->drain_again();
    fs::remove(at("name"));
    fs::remove(at("dir"));
    const TreeCut first =
        source_->capture({.taken = taken, .deadline = taken.boot + Duration::from_ms(60'000)});
    EXPECT_EQ(first.removals, std::vector<std::string>{"dir/inside"});
    EXPECT_EQ(first.pending.files, 2U);
    commit(first);
    EXPECT_EQ(cut().removals, (std::vector<std::string>{"name", "dir"}));
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
        source_->capture({.taken = taken, .deadline = taken.boot + Duration::from_ms(60'000)});
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

TEST_F(TreeSourceTest, WhatCouldNotBeLookedAtForAMomentIsRefusedNoLonger) {
    write("file", "1");
    start();
    source_->mark_dirty("file");
    const ClockReading taken = clock_.read();
    source_->drain();
    source_->drain_again();
    files_.fail(test::FaultyFileSystem::Call::status, 1, ErrorCode::io);
    const TreeCut refused =
        source_->capture({.taken = taken, .deadline = taken.boot + Duration::from_ms(60'000)});
    EXPECT_EQ(refused.pending.files, 1U);
    commit(refused);
    // It is as the index has it, so nothing but a look says that it can be read again.
    clock_.advance(settings_.sweep_interval);
    EXPECT_TRUE(cut_until_quiet().uncovered.empty());
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
