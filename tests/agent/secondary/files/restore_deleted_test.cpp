#include "agent/secondary/files/restore_deleted.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/agent/secondary/files/replica_fixture.hpp"
#include "tests/support/process.hpp"
#include "tests/support/tree_comparison.hpp"

namespace farshore::secondary {
namespace {

namespace fs = std::filesystem;

class RestoreDeletedTest : public testing::Test {
  protected:
    RestoreDeletedTest() { fs::create_directory(found()); }

    [[nodiscard]] std::string found() const { return directory_ / "found"; }
    [[nodiscard]] std::string source(const std::string& path) const {
        return replica_.source() + "/" + path;
    }
    void write(const std::string& path, const std::string& content) {
        fs::create_directories(fs::path(source(path)).parent_path());
        test::write_whole(source(path), content);
    }
    void carry() {
        replica_.carry();
        replica_.now = {replica_.now.nanoseconds + 1'000'000'000};
    }
    // What could not be given back.
    std::vector<std::string> restore(const std::string& path, const std::string& name,
                                     Timestamp until) {
        storage::SecondaryState state(replica_.state());
        const storage::Handle root = files_.open_root(replica_.root());
        const storage::Handle target = files_.open_root(found());
        RestoreDeleted deed(files_, root, state.index(), replica_tree, target);
        std::vector<std::string> problems;
        deed.run(path, until, name, [&](const GivenBack& given) {
            ++visited_;
            if (!given.problem.empty()) {
                problems.push_back(given.kept.entry.path + ": " + given.problem);
            }
        });
        return problems;
    }

    test::TemporaryDirectory directory_;
    Replica replica_{directory_.path()};
    storage::PosixFileSystem files_;
    std::size_t visited_ = 0;
};

TEST_F(RestoreDeletedTest, AFolderComesBackInEveryAttribute) {
    write("box/plain", "hello");
    write("box/deep/er/file", std::string(100'000, 'x'));
    write("box/empty", "");
    write("box/linked", "one inode");
    fs::create_hard_link(source("box/linked"), source("box/linked too"));
    fs::create_symlink("deep/er", source("box/link"));
    ASSERT_EQ(::mkfifo(source("box/fifo").c_str(), 0640), 0);
    ASSERT_EQ(::chmod(source("box/plain").c_str(), 04751), 0);
    ASSERT_EQ(::chmod(source("box/deep").c_str(), 0500), 0);
    const timespec times[2] = {{1, 0}, {1'234'567'890, 123'456'789}};
    ASSERT_EQ(::utimensat(AT_FDCWD, source("box/deep").c_str(), times, 0), 0);
    ASSERT_EQ(::utimensat(AT_FDCWD, source("box").c_str(), times, 0), 0);
    const std::string copy = directory_ / "copy";
    ASSERT_EQ(test::run({"cp", "-a", source("box"), copy}).status, 0);
    carry();
    ASSERT_EQ(::chmod(source("box/deep").c_str(), 0700), 0);
    fs::remove_all(source("box"));
    carry();
    EXPECT_TRUE(restore("box", "box", replica_.now).empty());
    // Each name of a group of hard links comes back as a file of its own.
    EXPECT_EQ(test::read_whole(found() + "/box/linked too"), "one inode");
    fs::remove(copy + "/linked too");
    fs::remove(found() + "/box/linked too");
    ASSERT_EQ(::utimensat(AT_FDCWD, copy.c_str(), times, 0), 0);
    ASSERT_EQ(::utimensat(AT_FDCWD, (found() + "/box").c_str(), times, 0), 0);
    EXPECT_EQ(test::tree_differences(copy, found() + "/box"), "");
}

TEST_F(RestoreDeletedTest, TheNewestVersionBeforeATime) {
    write("file", "first");
    carry();
    write("file", "second");
    carry();
    const Timestamp between = replica_.now;
    fs::remove(source("file"));
    carry();
    EXPECT_TRUE(restore("file", "newest", replica_.now).empty());
    EXPECT_EQ(test::read_whole(found() + "/newest"), "second");
    EXPECT_TRUE(restore("file", "older", {between.nanoseconds - 1}).empty());
    EXPECT_EQ(test::read_whole(found() + "/older"), "first");
    EXPECT_EQ(visited_, 2U);
    EXPECT_TRUE(restore("file", "none", Timestamp{0}).empty());
    EXPECT_EQ(visited_, 2U);
    EXPECT_FALSE(fs::exists(found() + "/none"));
}

TEST_F(RestoreDeletedTest, ContentThatIsGoneOrSpoiltIsNamedAndNotGivenBack) {
    write("dir/gone", "1");
    write("dir/spoilt", "2");
    write("dir/sound", "3");
    carry();
    fs::remove_all(source("dir"));
    carry();
    const auto file_of = [&](const std::string& path) {
        storage::SecondaryState state(replica_.state());
        std::string file;
        state.index().retained().walk(
            replica_tree, path, replica_.now, [&](const storage::RetainedEntry& kept) {
                file = replica_.root() + "/" + storage::tree_paths::in_retained(kept.how.name);
            });
        return file;
    };
    fs::remove(file_of("dir/gone"));
    test::write_whole(file_of("dir/spoilt"), "x");
    const auto problems = restore("dir", "dir", replica_.now);
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_TRUE(problems[0].starts_with("dir/gone: "));
    EXPECT_TRUE(problems[1].starts_with("dir/spoilt: "));
    EXPECT_EQ(test::read_whole(found() + "/dir/sound"), "3");
    EXPECT_FALSE(fs::exists(found() + "/dir/gone"));
    EXPECT_FALSE(fs::exists(found() + "/dir/spoilt"));
}

TEST_F(RestoreDeletedTest, NothingIsWrittenOverAndTheReplicaStaysAsItIs) {
    write("file", "old");
    write("stays", "1");
    carry();
    fs::remove(source("file"));
    carry();
    test::write_whole(found() + "/file", "mine");
    EXPECT_EQ(restore("file", "file", replica_.now).size(), 1U);
    EXPECT_EQ(test::read_whole(found() + "/file"), "mine");
    EXPECT_EQ(test::tree_differences(replica_.source(), replica_.root()), "");
}

}  // namespace
}  // namespace farshore::secondary
