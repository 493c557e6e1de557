#include "storage/disk/crash_point.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "storage/disk/durable_write.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

// Writes "new" over "old" in a child process that ends at `point`; true when it was killed there.
bool write_until(const std::string& directory, const char* point) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("FARSHORE_CRASH_POINT", point, 1);
        PosixFileSystem files;
        write_durably(files, files.open_root(directory), "a", "new", 0600);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST(CrashPointTest, ADurableWriteIsWholeOrNotAtAll) {
    const test::TemporaryDirectory directory;
    test::write_whole(directory / "a", "old");
    if (!write_until(directory.path(), "durable_write_before_sync")) {
        GTEST_SKIP() << "built without crash points";
    }
    EXPECT_EQ(test::read_whole(directory / "a"), "old");
    EXPECT_TRUE(write_until(directory.path(), "durable_write_before_rename"));
    EXPECT_EQ(test::read_whole(directory / "a"), "old");
    EXPECT_TRUE(write_until(directory.path(), "durable_write_before_directory_sync"));
    EXPECT_EQ(test::read_whole(directory / "a"), "new");
    EXPECT_FALSE(write_until(directory.path(), "another point"));
}

}  // namespace
}  // namespace farshore::storage
