#include "agent/commands/detachment.hpp"

#include <sys/stat.h>

#include "protocol/error.hpp"
#include "storage/disk/directory_lock.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_marker.hpp"
#include "tests/agent/commands/command_fixture.hpp"

namespace farshore::commands {
namespace {

class DetachmentTest : public CommandTest {
  protected:
    void SetUp() override {
        CommandTest::SetUp();
        config_.agent.state = folder_ + "/state";
        config::Tree tree;
        tree.name = SourceName("uploads");
        tree.path = folder_ + "/tree";
        config_.trees.push_back(tree);
        std::filesystem::create_directories(tree.path + "/.farshore/staging/deep");
        std::ofstream(tree.path + "/.farshore/staging/deep/part") << "x";
        std::ofstream(tree.path + "/kept") << "y";
    }
    storage::PosixFileSystem files_;
    config::Config config_;
};

TEST_F(DetachmentTest, TakesOurFolderOutOfATreeAndNothingElse) {
    struct stat before {};
    ASSERT_EQ(::stat(config_.trees[0].path.c_str(), &before), 0);
    const auto done = detach(files_, config_);
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].error, "");
    EXPECT_FALSE(std::filesystem::exists(config_.trees[0].path + "/.farshore"));
    EXPECT_EQ(content("tree/kept"), "y");
    struct stat after {};
    ASSERT_EQ(::stat(config_.trees[0].path.c_str(), &after), 0);
    EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    EXPECT_TRUE(detach(files_, config_).empty()) << "a second time there is nothing";
}

TEST_F(DetachmentTest, WhatOthersHadThereIsLeft) {
    std::filesystem::create_directories(config_.trees[0].path + "/.farshore/foreign/7");
    const auto done = detach(files_, config_);
    ASSERT_EQ(done.size(), 1U);
    EXPECT_NE(done[0].error.find("foreign"), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(config_.trees[0].path + "/.farshore/foreign/7"));
}

// A path that was mistyped, or another stream's config: its marker and its retained files stay.
TEST_F(DetachmentTest, WhatBelongsToAnotherTreeIsLeft) {
    config_.agent.stream = StreamName("shop");
    const storage::Handle root = files_.open_root(config_.trees[0].path);
    storage::write_marker(files_, root,
                          {StreamName("other"), SourceName("uploads"),
                           storage::TreeMarker::Role::secondary, std::string(32, 'a')});
    const auto done = detach(files_, config_);
    ASSERT_EQ(done.size(), 1U);
    EXPECT_NE(done[0].error.find("tree uploads of stream other"), std::string::npos)
        << done[0].error;
    EXPECT_TRUE(std::filesystem::exists(config_.trees[0].path + "/.farshore/staging/deep/part"));
    config_.agent.stream = StreamName("other");
    EXPECT_EQ(detach(files_, config_).at(0).error, "");
}

TEST_F(DetachmentTest, ATreeThatIsNotThereIsNoFailure) {
    config_.trees[0].path = folder_ + "/nowhere";
    EXPECT_TRUE(detach(files_, config_).empty());
}

TEST_F(DetachmentTest, NotWhileTheAgentRuns) {
    std::filesystem::create_directory(config_.agent.state);
    const storage::Handle state = files_.open_root(config_.agent.state);
    const storage::DirectoryLock lock(files_, state);
    try {
        static_cast<void>(detach(files_, config_));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::state_locked);
    }
    EXPECT_TRUE(std::filesystem::exists(config_.trees[0].path + "/.farshore"));
}

}  // namespace
}  // namespace farshore::commands
