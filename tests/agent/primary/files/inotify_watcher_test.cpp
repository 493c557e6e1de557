#include "agent/primary/files/inotify_watcher.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <set>

#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

class InotifyWatcherTest : public testing::Test {
  protected:
    using Seen = std::set<std::pair<HintKind, std::string>>;

    WatchOutcome watch(const std::string& path) {
        return watcher_.watch(path, files_.open_directory(root_, path));
    }
    Seen drain() {
        Seen seen;
        watcher_.drain([&](const Hint& hint) { seen.emplace(hint.kind, hint.path); });
        return seen;
    }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    storage::Handle root_ = files_.open_root(directory_.path());
    InotifyWatcher watcher_;
};

TEST_F(InotifyWatcherTest, TellsWhatHappensInWatchedDirectories) {
    fs::create_directories(directory_ / ".farshore");
    ASSERT_EQ(watch("."), WatchOutcome::watched);
    test::write_whole(directory_ / "file", "x");
    fs::create_directory(directory_ / "dir");
    test::write_whole(directory_ / ".farshore/ours", "x");
    fs::create_directory(directory_ / ".farshore/more");
    Seen seen = drain();
    EXPECT_TRUE(seen.contains({HintKind::changed, "file"}));
    EXPECT_TRUE(seen.contains({HintKind::changed, "."}));
    EXPECT_TRUE(seen.contains({HintKind::new_directory, "dir"}));
    for (const auto& [kind, path] : seen) {
        EXPECT_FALSE(path.starts_with(".farshore")) << path;
    }
    ASSERT_EQ(watch("dir"), WatchOutcome::watched);
    test::write_whole(directory_ / "dir/inside", "x");
    fs::remove(directory_ / "file");
    seen = drain();
    EXPECT_TRUE(seen.contains({HintKind::changed, "dir/inside"}));
    EXPECT_TRUE(seen.contains({HintKind::changed, "dir"}));
    EXPECT_TRUE(seen.contains({HintKind::removed, "file"}));
    EXPECT_TRUE(drain().empty());
}

TEST_F(InotifyWatcherTest, AMovedDirectoryIsKnownByItsNewNameOnceWatchedAgain) {
    fs::create_directories(directory_ / "a/b");
    watch(".");
    watch("a");
    watch("a/b");
    fs::rename(directory_ / "a", directory_ / "z");
    EXPECT_TRUE(drain().contains({HintKind::new_directory, "z"}));
    watch("z");
    test::write_whole(directory_ / "z/b/file", "x");
    EXPECT_TRUE(drain().contains({HintKind::changed, "z/b/file"}));
}

TEST_F(InotifyWatcherTest, ASweepLetsGoOfWhatIsNoLongerThere) {
    const test::TemporaryDirectory outside;
    fs::create_directories(directory_ / "a");
    watch(".");
    watch("a");
    fs::rename(directory_ / "a", outside / "a");
    drain();
    watcher_.begin_sweep();
    watch(".");
    watcher_.end_sweep();
    drain();
    test::write_whole(outside / "a/file", "x");
    EXPECT_TRUE(drain().empty());
}

// With the volume its watches go, and nobody who mounts it again brings them back.
TEST_F(InotifyWatcherTest, AVolumeThatIsUnmountedMeansLostEvents) {
    const std::string volume = directory_ / "volume";
    fs::create_directory(volume);
    if (::mount("none", volume.c_str(), "tmpfs", 0, "size=64k") != 0) {
        GTEST_SKIP() << "mounting takes a right that this process has not";
    }
    const WatchOutcome outcome = watcher_.watch(".", files_.open_root(volume));
    EXPECT_EQ(::umount(volume.c_str()), 0);
    EXPECT_EQ(outcome, WatchOutcome::watched);
    const Seen seen = drain();
    EXPECT_TRUE(seen.contains({HintKind::lost, ""}));
    EXPECT_TRUE(seen.contains({HintKind::changed, "."}));  // to be looked at before what was in it
}

TEST_F(InotifyWatcherTest, SaysWhenThereAreNoMoreWatches) {
    fs::create_directories(directory_ / "a/b");
    watcher_.limit_watches(1);
    EXPECT_EQ(watch("."), WatchOutcome::watched);
    EXPECT_EQ(watch("a"), WatchOutcome::limit_reached);
    watcher_.limit_watches(10);
    EXPECT_EQ(watch("a/b"), WatchOutcome::limit_reached);  // its parent is not watched
}

TEST_F(InotifyWatcherTest, WaitsForWhatIsNew) {
    watch(".");
    EXPECT_FALSE(watcher_.wait(Duration::from_ms(0)));
    test::write_whole(directory_ / "file", "x");
    EXPECT_TRUE(watcher_.wait(Duration::from_ms(10'000)));
    EXPECT_FALSE(watcher_.wait(Duration::from_ms(0)));  // told once, drained or not
    watcher_.wake();
    EXPECT_TRUE(watcher_.wait(Duration::from_ms(10'000)));
}

TEST_F(InotifyWatcherTest, AFileIsToldOfWhateverNameItIsWrittenBy) {
    const test::TemporaryDirectory elsewhere;
    ASSERT_EQ(watch("."), WatchOutcome::watched);
    test::write_whole(directory_ / "file", "x");
    fs::create_hard_link(directory_ / "file", elsewhere / "other");
    (void)drain();
    test::write_whole(elsewhere / "other", "unseen");
    EXPECT_TRUE(drain().empty());
    ASSERT_EQ(watcher_.watch_file("file", files_.open_file(root_, "file")), WatchOutcome::watched);
    test::write_whole(elsewhere / "other", "seen");
    EXPECT_TRUE(drain().contains({HintKind::changed, "file"}));
    watcher_.begin_sweep();
    ASSERT_EQ(watch("."), WatchOutcome::watched);
    watcher_.end_sweep();
    test::write_whole(elsewhere / "other", "let go");
    EXPECT_TRUE(drain().empty());
}

}  // namespace
}  // namespace farshore::primary
