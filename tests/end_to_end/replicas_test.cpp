// What somebody does to a replica, or to the disk below it: nothing outside of the tree is touched,
// the secondary repairs it or waits and says why, and goes on by itself.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/agent_pair.hpp"
#include "tests/support/mount_namespace.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tree_comparison.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class Replicas : public ::testing::Test {
  protected:
    Replicas() {
        settings_.trees.push_back({"files", source(), replica()});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"1s\""}};
        fs::create_directories(outside());
        write_whole(outside() + "/mine", "not yours");
        write("dir/one", "1");
        write("dir/sub/two", "2");
        write("three", "3");
    }
    void SetUp() override {
        if (!enter_mount_namespace()) {
            GTEST_SKIP() << "this user may not have a mount namespace of its own";
        }
    }
    void TearDown() override {
        pair_.reset();
        for (const std::string& place : mounted_) {
            unmount(place);
        }
        EXPECT_EQ(read_whole(outside() + "/mine"), "not yours");
        EXPECT_EQ(std::distance(fs::directory_iterator(outside()), fs::directory_iterator()), 1);
    }

    [[nodiscard]] std::string source() const { return root_ / "source"; }
    [[nodiscard]] std::string replica() const { return root_ / "replica"; }
    [[nodiscard]] std::string outside() const { return root_ / "outside"; }

    void write(const std::string& path, const std::string& content) const {
        const fs::path full = fs::path(source()) / path;
        fs::create_directories(full.parent_path());
        write_whole(full, content);
    }
    void start_on_tmpfs(const std::string& options) {
        fs::create_directories(replica());
        mount_tmpfs(replica(), options);
        mounted_.push_back(replica());
        start();
    }
    void start() {
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
        expect_equal();
    }
    void expect_equal() {
        const Outcome flushed = pair_->flush();
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
        EXPECT_EQ(tree_differences(source(), replica()), "");
    }
    void expect_named(const std::string& code) {
        for (const char* agent : {"west", "east"}) {
            EXPECT_TRUE(eventually([&] {
                return pair_->command(agent, {"status"}).out.find(code) != std::string::npos;
            })) << agent
                << ": " << pair_->command(agent, {"status"}).out << pair_->log("west");
        }
    }
    void expect_not_named(const std::string& code) {
        EXPECT_TRUE(eventually([&] {
            return pair_->command("west", {"status"}).out.find(code) == std::string::npos &&
                   pair_->command("east", {"status"}).out.find(code) == std::string::npos;
        })) << pair_->command("west", {"status"}).out;
    }

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
    std::vector<std::string> mounted_;
};

TEST_F(Replicas, EditsAreOvercomeByTheNextChange) {
    start();
    write_whole(replica() + "/three", "edited here");
    write_whole(replica() + "/dir/foreign", "made here");
    fs::remove(replica() + "/dir/one");
    fs::rename(replica() + "/dir/sub", replica() + "/dir/sub.away");
    write("three", "3 again");
    write("dir/one", "1 again");
    write("dir/sub/two", "2 again");
    ASSERT_EQ(pair_->flush().status, 0) << pair_->log("west");
    EXPECT_EQ(read_whole(replica() + "/three"), "3 again");
    EXPECT_EQ(read_whole(replica() + "/dir/one"), "1 again");
    EXPECT_EQ(read_whole(replica() + "/dir/sub/two"), "2 again");
    // What is not ours stays until its place is needed or goes, and is not lost then either.
    EXPECT_EQ(read_whole(replica() + "/dir/foreign"), "made here");
    fs::remove_all(source() + "/dir");
    expect_equal();
    std::size_t kept = 0;
    for (const auto& item : fs::recursive_directory_iterator(replica() + "/.farshore/foreign")) {
        kept += item.is_regular_file() && read_whole(item.path()) == "made here" ? 1 : 0;
    }
    EXPECT_EQ(kept, 1U);
}

TEST_F(Replicas, ASymbolicLinkWhereADirectoryWasLeadsNowhere) {
    start();
    fs::rename(replica() + "/dir", replica() + "/dir.away");
    fs::create_directory_symlink(outside(), replica() + "/dir");
    write("dir/one", "1 again");
    write("dir/new", "4");
    fs::remove(source() + "/dir/sub/two");
    ASSERT_EQ(pair_->flush().status, 0) << pair_->log("west");
    EXPECT_TRUE(fs::is_directory(fs::symlink_status(replica() + "/dir")));
    EXPECT_EQ(read_whole(replica() + "/dir/one"), "1 again");
    EXPECT_EQ(read_whole(replica() + "/dir/new"), "4");
    EXPECT_EQ(read_whole(outside() + "/mine"), "not yours");
}

TEST_F(Replicas, ADeletionBehindASymbolicLinkDeletesNothingThere) {
    start();
    fs::rename(replica() + "/dir", replica() + "/dir.away");
    fs::create_directory(root_ / "decoy");
    write_whole(root_ / "decoy/one", "somebody else's");
    fs::create_directory_symlink(root_ / "decoy", replica() + "/dir");
    fs::remove_all(source() + "/dir");
    ASSERT_EQ(pair_->flush().status, 0) << pair_->log("west");
    EXPECT_EQ(read_whole(root_ / "decoy/one"), "somebody else's");
    EXPECT_FALSE(fs::exists(fs::symlink_status(replica() + "/dir")));
}

TEST_F(Replicas, ShutFoldersAreOpenedAgainAsThePrimaryHasThem) {
    start();
    for (const char* folder : {"/dir", "/dir/sub", ""}) {
        ASSERT_EQ(::chmod((replica() + folder).c_str(), 0), 0);
    }
    write("dir/one", "1 again");
    write("dir/sub/new", "4");
    write("at the root", "5");
    expect_equal();
}

TEST_F(Replicas, ARootThatIsGoneIsWaitedFor) {
    start();
    fs::rename(replica(), replica() + ".away");
    write("while it is away", "4");
    expect_named("ROOT_CHANGED");
    EXPECT_FALSE(fs::exists(replica()));
    fs::rename(replica() + ".away", replica());
    expect_equal();
    expect_not_named("ROOT_CHANGED");

    EXPECT_EQ(pair_->stop("west"), 0);
    fs::rename(replica(), replica() + ".away");
    fs::create_directory(replica());
    write("while an empty one is there", "5");
    pair_->start("west");
    expect_named("ROOT_CHANGED");
    EXPECT_TRUE(fs::is_empty(replica()));
    fs::remove(replica());
    fs::rename(replica() + ".away", replica());
    expect_equal();
}

TEST_F(Replicas, ASymbolicLinkInPlaceOfTheRootIsNotFollowed) {
    start();
    fs::rename(replica(), replica() + ".away");
    fs::create_directory_symlink(outside(), replica());
    write("while it is a link", "4");
    expect_named("ROOT_CHANGED");
    fs::remove(replica());
    fs::rename(replica() + ".away", replica());
    expect_equal();
}

TEST_F(Replicas, AnEmptyMountOverTheRootGetsNothing) {
    start();
    const std::string empty = root_ / "empty";
    fs::create_directory(empty);
    bind_mount(empty, replica());
    mounted_.push_back(replica());
    write("while it is covered", "4");
    expect_named("ROOT_CHANGED");
    EXPECT_TRUE(fs::is_empty(empty));
    unmount(replica());
    mounted_.clear();
    expect_equal();
}

TEST_F(Replicas, AReadOnlyDiskIsWaitedFor) {
    start_on_tmpfs("size=64m");
    remount(replica(), "ro");
    write("three", "3 again");
    expect_named("Read-only");
    remount(replica(), "rw");
    expect_equal();
    expect_not_named("Read-only");
}

TEST_F(Replicas, AFullDiskIsWaitedForAndNothingIsDropped) {
    start_on_tmpfs("size=4m");
    write("large", std::string(6'000'000, 'x'));
    write("three", "3 again");
    expect_named("DISK_FULL");
    remount(replica(), "size=32m");
    expect_equal();
    expect_not_named("DISK_FULL");
}

TEST_F(Replicas, WhatIsRetainedGoesBeforeAFullDiskStopsAnything) {
    write("old", std::string(5'000'000, 'o'));
    start_on_tmpfs("size=8m");
    fs::remove(source() + "/old");
    expect_equal();
    EXPECT_EQ(pair_->command("west", {"restore-deleted", "old", "--list"}).status, 0);
    write("new", std::string(6'000'000, 'n'));
    expect_equal();
    EXPECT_EQ(pair_->command("west", {"restore-deleted", "old", "--list"}).status, 1);
    EXPECT_NE(pair_->log("west").find("retained files were removed"), std::string::npos);
}

}  // namespace
}  // namespace farshore::test
