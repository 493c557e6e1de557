// The root of a tree is not what it was: unmounted, mounted over, swapped, a symbolic link. Nothing
// is deleted, both sides say why, and all goes on when the right one is back.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "tests/support/agent_pair.hpp"
#include "tests/support/mount_namespace.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tree_comparison.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class Roots : public ::testing::Test {
  protected:
    Roots() {
        settings_.trees.push_back({"files", source(), replica()});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"1s\""}};
    }
    void SetUp() override {
        if (!enter_mount_namespace()) {
            GTEST_SKIP() << "this user may not have a mount namespace of its own";
        }
        for (const std::string& place : {volume(), source(), replica()}) {
            fs::create_directories(place);
        }
        // Content that a mass deletion would be held for is not needed: nothing at all may go.
        for (const char* path : {"precious", "dir/too"}) {
            fs::create_directories(fs::path(volume() + "/" + path).parent_path());
            write_whole(volume() + "/" + path, path);
        }
    }
    void TearDown() override {
        pair_.reset();
        for (const std::string& place : mounted_) {
            unmount(place);
        }
    }

    [[nodiscard]] std::string volume() const { return root_ / "volume"; }
    [[nodiscard]] std::string source() const { return root_ / "source"; }
    [[nodiscard]] std::string replica() const { return root_ / "replica"; }

    void mount_over(const std::string& what, const std::string& where) {
        bind_mount(what, where);
        mounted_.insert(mounted_.begin(), where);
    }
    void take_off(const std::string& where) {
        unmount(where);
        mounted_.erase(std::find(mounted_.begin(), mounted_.end(), where));
    }
    void start() {
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
    }
    void expect_equal() {
        const Outcome flushed = pair_->flush();
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
        EXPECT_EQ(tree_differences(source(), replica()), "");
    }
    // Both sides name it, the replica stays as it is, and nothing is put where the root was.
    void expect_refused() {
        for (const char* agent : {"east", "west"}) {
            EXPECT_TRUE(eventually([&] {
                return pair_->command(agent, {"status"}).out.find("ROOT_CHANGED") !=
                       std::string::npos;
            })) << agent
                << ": " << pair_->log("east") << pair_->log("west");
            // Marks go round: it is proven that nothing of the tree came since then.
            EXPECT_TRUE(eventually([&] {
                const auto lag = pair_->lag(agent);
                return lag.is_object() && lag.at("proof") == "proven" &&
                       lag.at("rpo_seconds").is_number();
            })) << agent
                << ": " << pair_->command(agent, {"lag", "--json"}).out;
            EXPECT_EQ(
                pair_->command(agent, {"check", "--warning", "1h", "--critical", "2h"}).status, 1);
        }
        write_whole(root_ / "new", "new");
        const Outcome put = pair_->command("east", {"put", root_ / "new", "--tree", "files"});
        EXPECT_EQ(put.status, 2);
        EXPECT_NE(put.err.find("the root of tree files"), std::string::npos) << put.err;
        EXPECT_FALSE(fs::exists(source() + "/new"));
        EXPECT_EQ(tree_differences(volume(), replica()), "");
    }
    // `change` spoils the root, `restore` undoes it: while the agent runs, and before its start.
    void expect_safe(const std::function<void()>& change, const std::function<void()>& restore) {
        start();
        expect_equal();
        change();
        expect_refused();
        restore();
        write_whole(source() + "/after", "back again");
        expect_equal();

        EXPECT_EQ(pair_->stop("east"), 0);
        change();
        pair_->start("east");
        expect_refused();
        restore();
        write_whole(source() + "/and", "once more");
        expect_equal();
    }

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
    std::vector<std::string> mounted_;
};

TEST_F(Roots, UnmountingTheVolumeDeletesNothing) {
    mount_over(volume(), source());
    expect_safe([&] { take_off(source()); }, [&] { mount_over(volume(), source()); });
}

TEST_F(Roots, AnEmptyDirectoryMountedOverItDeletesNothing) {
    mount_over(volume(), source());
    const std::string empty = root_ / "empty";
    fs::create_directory(empty);
    expect_safe([&] { mount_over(empty, source()); }, [&] { take_off(source()); });
    EXPECT_TRUE(fs::is_empty(empty));
}

TEST_F(Roots, AnotherFilesystemMountedOverItDeletesNothing) {
    mount_over(volume(), source());
    expect_safe(
        [&] {
            mount_tmpfs(source(), "size=1m");
            mounted_.insert(mounted_.begin(), source());
        },
        [&] { take_off(source()); });
}

TEST_F(Roots, ACopyOfTheVolumeInItsPlaceDeletesNothing) {
    mount_over(volume(), source());
    const std::string copy = root_ / "copy";
    expect_safe(
        [&] {
            // With its marker, but without what came last: as from an old backup.
            ASSERT_EQ(run({"cp", "-a", volume(), copy}).status, 0);
            fs::remove_all(copy + "/dir");
            mount_over(copy, source());
        },
        [&] {
            take_off(source());
            fs::remove_all(copy);
        });
}

TEST_F(Roots, ASymbolicLinkInItsPlaceDeletesNothing) {
    fs::remove(source());
    fs::rename(volume(), source());
    const std::string elsewhere = root_ / "elsewhere";
    fs::create_directory(elsewhere);
    expect_safe(
        [&] {
            fs::rename(source(), volume());
            fs::create_directory_symlink(elsewhere, source());
        },
        [&] {
            fs::remove(source());
            fs::rename(volume(), source());
        });
    EXPECT_TRUE(fs::is_empty(elsewhere));
}

}  // namespace
}  // namespace farshore::test
