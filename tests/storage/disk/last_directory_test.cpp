#include "storage/disk/last_directory.hpp"

#include <gtest/gtest.h>

#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

class LastDirectoryTest : public testing::Test {
  protected:
    LastDirectoryTest() : root_(files_.open_root(directory_.path())), last_(files_, root_) {
        files_.make_directory(root_, "a", 0700);
        files_.make_directory(root_, "a/b", 0700);
        (void)files_.create_file(root_, "a/b/file");
    }
    std::uint64_t inode(std::string_view path) { return files_.status(root_, path).value().inode; }

    PosixFileSystem files_;
    test::TemporaryDirectory directory_;
    Handle root_;
    LastDirectory last_;
};

TEST_F(LastDirectoryTest, HoldsWhatWasAskedForLast) {
    const auto place = last_.of("a/b/file");
    EXPECT_EQ(place.name, "file");
    EXPECT_EQ(files_.status(place.directory).inode, inode("a/b"));
    const int descriptor = place.directory.descriptor();
    EXPECT_EQ(last_.of("a/b/other").directory.descriptor(), descriptor);
    EXPECT_EQ(files_.status(last_.of("a/file").directory).inode, inode("a"));
    EXPECT_EQ(last_.of("file").directory.descriptor(), root_.descriptor());
    EXPECT_EQ(last_.of(".").name, ".");
}

TEST_F(LastDirectoryTest, LooksAgainWhenItWasTold) {
    (void)last_.of("a/b/file");
    files_.rename(root_, "a/b", root_, "a/c");
    EXPECT_NO_THROW((void)last_.of("a/b/file"));
    last_.forget();
    EXPECT_THROW((void)last_.of("a/b/file"), Error);
    EXPECT_NO_THROW((void)last_.of("a/c/file"));
}

TEST_F(LastDirectoryTest, LooksAgainAfterSoManyCalls) {
    (void)last_.of("a/b/file");
    files_.rename(root_, "a/b", root_, "a/c");
    const auto ask_often = [&] {
        for (int i = 0; i < 1000; ++i) {
            (void)last_.of("a/b/file");
        }
    };
    EXPECT_THROW(ask_often(), Error);
}

}  // namespace
}  // namespace farshore::storage
