#include "storage/disk/directory_lock.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

TEST(DirectoryLockTest, TheSecondIsToldWhoHasIt) {
    const test::TemporaryDirectory directory;
    PosixFileSystem files;
    const Handle state = files.open_root(directory.path());
    {
        const DirectoryLock first(files, state);
        try {
            const DirectoryLock second(files, state);
            FAIL() << "two agents have one state directory";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::state_locked);
            EXPECT_EQ(error.message(), "cannot use the state directory: process " +
                                           std::to_string(::getpid()) + " has it");
        }
    }
    const DirectoryLock third(files, state);
}

}  // namespace
}  // namespace farshore::storage
