#include "agent/verification/disk_walk.hpp"

#include <gtest/gtest.h>

#include "storage/disk/posix_file_system.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::verification {
namespace {

TEST(DiskWalkTest, IsInTheOrderOfTheBytesOfWholePaths) {
    const test::TemporaryDirectory directory;
    const auto made = test::run({"sh", "-euc", R"(cd "$1"
        mkdir -p a a-d a/b/c .farshore/staging a0 left/in; : > a/x; : > a/b-x; : > a-b; : > ./-m
        : > .hidden; : > a.b; : > .farshore/marker.json; ln -s a to_a; : > a-d/z)",
                                 "sh", directory.path()});
    ASSERT_EQ(made.status, 0) << made.err;
    storage::PosixFileSystem files;
    const storage::Handle root = files.open_root(directory.path());
    DiskWalk walk(files, root, [](std::string_view path) { return path == "left"; });
    std::vector<std::string> paths;
    while (auto path = walk.next()) {
        paths.push_back(*path);
    }
    EXPECT_EQ(paths,
              (std::vector<std::string>{"-m", ".", ".hidden", "a", "a-b", "a-d", "a-d/z", "a.b",
                                        "a/b", "a/b-x", "a/b/c", "a/x", "a0", "to_a"}));
    EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
}

}  // namespace
}  // namespace farshore::verification
