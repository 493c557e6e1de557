#include "storage/disk/durable_write.hpp"

#include <gtest/gtest.h>

#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

class DurableWriteTest : public testing::Test {
  protected:
    test::TemporaryDirectory directory_;
    PosixFileSystem files_;
    Handle root_ = files_.open_root(directory_.path());
};

TEST_F(DurableWriteTest, ReplacesTheWholeFile) {
    write_durably(files_, root_, "a", "a long first content", 0600);
    write_durably(files_, root_, "a", "short", 0640);
    EXPECT_EQ(read_whole(files_, root_, "a", 100), "short");
    EXPECT_EQ(files_.status(root_, "a")->mode, 0640U);
    EXPECT_EQ(files_.list(root_).size(), 1U);
    EXPECT_THROW((void)read_whole(files_, root_, "a", 4), Error);
}

TEST_F(DurableWriteTest, LeftoversAreOverwrittenAndFound) {
    test::write_whole(directory_ / "a.farshore-new", "half a wri");
    test::write_whole(directory_ / "theirs", "");
    write_durably(files_, root_, "a", "new", 0600);
    EXPECT_EQ(read_whole(files_, root_, "a", 100), "new");
    test::write_whole(directory_ / "b.farshore-new", "");
    EXPECT_EQ(remove_leftovers(files_, root_), std::vector<std::string>{"b.farshore-new"});
    EXPECT_EQ(files_.list(root_).size(), 2U);
}

}  // namespace
}  // namespace farshore::storage
