#include "agent/secondary/files/retention.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/agent/secondary/files/replica_fixture.hpp"
#include "tests/support/tree_comparison.hpp"

namespace farshore::secondary {
namespace {

namespace fs = std::filesystem;

constexpr Duration hour = Duration::from_seconds(3600);

class RetentionTest : public testing::Test {
  protected:
    void write(const std::string& path, const std::string& content) {
        const std::string full = replica_.source() + "/" + path;
        fs::create_directories(fs::path(full).parent_path());
        test::write_whole(full, content);
    }
    void remove(const std::string& path) { fs::remove_all(replica_.source() + "/" + path); }
    void carry() {
        const ApplyReport report = replica_.carry();
        EXPECT_EQ(report.altered.count(), 0U);
        EXPECT_EQ(test::tree_differences(replica_.source(), replica_.root()), "");
        replica_.now = {replica_.now.nanoseconds + hour.nanoseconds};
    }
    std::vector<storage::RetainedEntry> kept(const std::string& path = ".") {
        storage::SecondaryState state(replica_.state());
        std::vector<storage::RetainedEntry> found;
        state.index().retained().walk(
            replica_tree, path, replica_.now,
            [&](const storage::RetainedEntry& entry) { found.push_back(entry); });
        return found;
    }
    std::vector<std::string> kept_paths() {
        std::vector<std::string> paths;
        for (const auto& entry : kept()) {
            paths.push_back(entry.entry.path);
        }
        return paths;
    }
    std::string file_of(const storage::RetainedEntry& entry) {
        return replica_.root() + "/" + storage::tree_paths::in_retained(entry.how.name);
    }
    std::size_t files_in_folder() {
        const fs::path folder = replica_.root() + "/" + std::string(storage::tree_paths::retained);
        return fs::exists(folder) ? static_cast<std::size_t>(std::distance(
                                        fs::directory_iterator(folder), fs::directory_iterator()))
                                  : 0;
    }
    // Between two cuts, with a Retention of its own.
    template <typename Deed>
    void with_retention(const Deed& deed) {
        storage::SecondaryState state(replica_.state());
        const storage::Handle root = files_.open_root(replica_.root());
        Retention retention(files_, root, state.index(), replica_tree, replica_.keep);
        deed(retention);
        EXPECT_EQ(state.index().retained().totals(replica_tree).entries, kept().size());
    }

    test::TemporaryDirectory directory_;
    Replica replica_{directory_.path()};
    storage::PosixFileSystem files_;
};

TEST_F(RetentionTest, ADeletedFileIsKeptByARename) {
    write("a/file", "content");
    carry();
    struct stat before {};
    ASSERT_EQ(::stat((replica_.root() + "/a/file").c_str(), &before), 0);
    remove("a/file");
    carry();
    const auto found = kept("a/file");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].entry.sha256, sha256("content"));
    EXPECT_FALSE(found[0].how.replaced);
    EXPECT_EQ(test::read_whole(file_of(found[0])), "content");
    struct stat after {};
    ASSERT_EQ(::stat(file_of(found[0]).c_str(), &after), 0);
    EXPECT_EQ(after.st_ino, before.st_ino);
}

TEST_F(RetentionTest, WhatIsRenamedIsNotDeleted) {
    write("a/file", "content");
    write("b", "other");
    carry();
    fs::rename(replica_.source() + "/a/file", replica_.source() + "/a/renamed");
    fs::rename(replica_.source() + "/b", replica_.source() + "/a/b");
    carry();
    EXPECT_TRUE(kept().empty());
    EXPECT_EQ(files_in_folder(), 0U);
}

TEST_F(RetentionTest, ANameSomewhereElseDoesNotLetItGo) {
    write("file", "content");
    carry();
    fs::create_hard_link(replica_.root() + "/file", directory_ / "backup");
    remove("file");
    carry();
    ASSERT_EQ(kept().size(), 1U);
    EXPECT_EQ(test::read_whole(file_of(kept()[0])), "content");
}

TEST_F(RetentionTest, ReplacedVersionsWhereTheyAreWanted) {
    write("file", "first");
    carry();
    write("file", "second");
    carry();
    ASSERT_EQ(kept().size(), 1U);
    EXPECT_TRUE(kept()[0].how.replaced);
    EXPECT_EQ(test::read_whole(file_of(kept()[0])), "first");
    replica_.keep.keep_replaced = false;
    write("file", "third");
    carry();
    EXPECT_EQ(kept().size(), 1U);
    remove("file");
    carry();
    const auto versions = kept("file");  // the newest first
    ASSERT_EQ(versions.size(), 2U);
    EXPECT_EQ(test::read_whole(file_of(versions[0])), "third");
    EXPECT_EQ(test::read_whole(file_of(versions[1])), "first");
}

TEST_F(RetentionTest, OfHardLinksTheContentIsKeptWhenTheLastOfThemGoes) {
    replica_.keep.keep_replaced = false;
    write("one", "content");
    fs::create_hard_link(replica_.source() + "/one", replica_.source() + "/two");
    carry();
    remove("one");
    carry();
    ASSERT_EQ(kept("one").size(), 1U);
    EXPECT_EQ(kept("one")[0].how.name, "");
    EXPECT_EQ(fs::hard_link_count(replica_.root() + "/two"), 1U);
    // Only because of the one that was deleted is a version that is replaced kept.
    remove("two");
    write("two", "something else");
    carry();
    storage::SecondaryState state(replica_.state());
    const auto name = state.index().retained().find_content(replica_tree, sha256("content"));
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(test::read_whole(replica_.root() + "/" + storage::tree_paths::in_retained(*name)),
              "content");
}

TEST_F(RetentionTest, DirectoriesAndLinksAreRememberedByTheirEntries) {
    write("dir/deep/file", "x");
    fs::create_symlink("deep/file", replica_.source() + "/dir/link");
    carry();
    remove("dir");
    carry();
    EXPECT_EQ(kept_paths(),
              (std::vector<std::string>{"dir", "dir/deep", "dir/deep/file", "dir/link"}));
    EXPECT_EQ(kept("dir/link")[0].entry.target, "deep/file");
    EXPECT_EQ(files_in_folder(), 1U);
    EXPECT_TRUE(kept("di").empty());
    EXPECT_EQ(kept("dir/deep").size(), 2U);
}

TEST_F(RetentionTest, AFileThatBecomesADirectoryIsKept) {
    write("thing", "file");
    write("other/inside", "was in a directory");
    carry();
    remove("thing");
    write("thing/inside", "1");
    remove("other");
    write("other", "now a file");
    carry();
    ASSERT_EQ(kept("thing").size(), 1U);
    EXPECT_EQ(test::read_whole(file_of(kept("thing")[0])), "file");
    ASSERT_EQ(kept("other/inside").size(), 1U);
    EXPECT_EQ(test::read_whole(file_of(kept("other/inside")[0])), "was in a directory");
}

TEST_F(RetentionTest, WhatIsOldOrTooMuchGoesOldestFirst) {
    for (const char* name : {"a", "b", "c", "d"}) {
        write(name, std::string(1000, *name));
    }
    carry();
    for (const char* name : {"c", "a", "d", "b"}) {
        remove(name);
        carry();
    }
    ASSERT_EQ(kept().size(), 4U);
    replica_.keep.limit_bytes = 2500;
    with_retention([&](Retention& retention) { retention.prune(replica_.now); });
    EXPECT_EQ(kept_paths(), (std::vector<std::string>{"b", "d"}));
    replica_.keep.keep_deleted = Duration::from_seconds(3600 + 1800);
    with_retention([&](Retention& retention) { retention.prune(replica_.now); });
    EXPECT_EQ(kept_paths(), (std::vector<std::string>{"b"}));
    EXPECT_EQ(files_in_folder(), 1U);
}

TEST_F(RetentionTest, AFullDiskTakesTheOldest) {
    for (const char* name : {"a", "b", "c"}) {
        write(name, std::string(1000, *name));
    }
    carry();
    for (const char* name : {"b", "a", "c"}) {
        remove(name);
        carry();
    }
    with_retention([](Retention& retention) { EXPECT_EQ(retention.give_way(1500), 2000U); });
    EXPECT_EQ(kept_paths(), (std::vector<std::string>{"c"}));
    with_retention([](Retention& retention) { EXPECT_EQ(retention.give_way(1500), 1000U); });
    EXPECT_EQ(files_in_folder(), 0U);
}

TEST_F(RetentionTest, WhatAloneIsAboveTheLimitIsNotKept) {
    replica_.keep.limit_bytes = 500;
    write("large", std::string(501, 'x'));
    carry();
    remove("large");
    carry();
    EXPECT_TRUE(kept().empty());
    EXPECT_EQ(files_in_folder(), 0U);
}

TEST_F(RetentionTest, NothingIsKeptWhereThatIsSo) {
    replica_.keep.keep_deleted = Duration{};
    write("dir/file", "x");
    carry();
    remove("dir");
    carry();
    EXPECT_TRUE(kept().empty());
    EXPECT_FALSE(fs::exists(replica_.root() + "/" + std::string(storage::tree_paths::retained)));
}

}  // namespace
}  // namespace farshore::secondary
