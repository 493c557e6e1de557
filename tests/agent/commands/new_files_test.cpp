#include "agent/commands/new_files.hpp"

#include "protocol/error.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/agent/commands/command_fixture.hpp"

namespace farshore::commands {
namespace {

using NewFilesTest = CommandTest;

TEST_F(NewFilesTest, WhatWasMadeIsTakenBackWhenItCanNotBeCompleted) {
    storage::PosixFileSystem files;
    std::ofstream(folder_ + "/file") << "not a folder";
    EXPECT_THROW(
        write_new_files(
            files, {{folder_ + "/a/b/one", "1", 0600}, {folder_ + "/file/two", "2", 0600}}, 0700),
        Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/a"));
    EXPECT_EQ(content("file"), "not a folder");
}

TEST_F(NewFilesTest, ADanglingLinkIsNotWrittenThrough) {
    storage::PosixFileSystem files;
    std::filesystem::create_symlink(folder_ + "/elsewhere", folder_ + "/link");
    EXPECT_THROW(write_new_files(files, {{folder_ + "/link", "1", 0600}}, 0700), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/elsewhere"));
}

}  // namespace
}  // namespace farshore::commands
