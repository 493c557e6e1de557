#include "agent/secondary/files/begun_contents.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "protocol/limits.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {
namespace {

class BegunContentsTest : public testing::Test {
  protected:
    BegunContentsTest() {
        std::filesystem::create_directories(directory_ / std::string(storage::tree_paths::staging));
    }
    std::string file(const Digest& path) { return directory_ / storage::tree_paths::begun(path); }
    void leave(const Digest& path) { test::write_whole(file(path), "beginning"); }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    storage::Handle root_ = files_.open_root(directory_.path());
    BegunContents begun_{files_, root_};
    const Digest a_ = sha256("a");
};

TEST_F(BegunContentsTest, OneTransferAtATimeHasABeginning) {
    EXPECT_TRUE(begun_.claim(a_, true));
    EXPECT_FALSE(begun_.claim(a_, true));
    EXPECT_TRUE(begun_.claim(sha256("b"), true));
    EXPECT_FALSE(begun_.has(a_));
    leave(a_);
    begun_.keep(a_);
    EXPECT_TRUE(begun_.has(a_));
    EXPECT_EQ(begun_.idle(), std::vector{a_});
    EXPECT_TRUE(begun_.claim(a_, true));
    EXPECT_TRUE(std::filesystem::exists(file(a_)));
    EXPECT_FALSE(begun_.has(a_));
}

TEST_F(BegunContentsTest, WhatIsNotGoneOnWithGoes) {
    leave(a_);
    begun_.found(a_);
    EXPECT_TRUE(begun_.claim(a_, false));
    EXPECT_FALSE(std::filesystem::exists(file(a_)));
    leave(a_);
    begun_.drop(a_);
    EXPECT_FALSE(std::filesystem::exists(file(a_)));
    EXPECT_TRUE(begun_.claim(a_, false));
}

TEST_F(BegunContentsTest, TheOldestGoWhenThereAreMany) {
    for (std::size_t i = 0; i <= limits::begun_contents; ++i) {
        const Digest path = sha256(std::to_string(i));
        leave(path);
        begun_.found(path);
    }
    EXPECT_EQ(begun_.idle().size(), limits::begun_contents);
    EXPECT_FALSE(std::filesystem::exists(file(sha256("0"))));
    EXPECT_TRUE(std::filesystem::exists(file(sha256("1"))));
    EXPECT_TRUE(begun_.drop_idle());
    EXPECT_FALSE(std::filesystem::exists(file(sha256("1"))));
    EXPECT_FALSE(begun_.drop_idle());
}

}  // namespace
}  // namespace farshore::secondary
