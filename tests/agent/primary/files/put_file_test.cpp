#include "agent/primary/files/put_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

class PutFileTest : public testing::Test {
  protected:
    static std::span<const std::byte> bytes(std::string_view text) {
        return std::as_bytes(std::span(text));
    }
    [[nodiscard]] std::size_t left_in_staging() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& item :
             fs::directory_iterator(directory_ / ".farshore/staging")) {
            ++count;
        }
        return count;
    }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
};

TEST_F(PutFileTest, PlacesTheFileWithItsDirectories) {
    PutFile put(files_, files_.open_root(directory_.path()),
                {.path = "in/box/report", .mode = 0640, .mtime = FileTime{1'234'567'890, 5}}, 1);
    put.write(bytes("first "));
    put.write(bytes("second"));
    EXPECT_FALSE(fs::exists(directory_ / "in"));
    const PlacedFile placed = put.place();
    EXPECT_EQ(placed.size, 12U);
    EXPECT_EQ(placed.sha256, sha256("first second"));
    EXPECT_EQ(test::read_whole(directory_ / "in/box/report"), "first second");
    struct stat status {};
    ASSERT_EQ(::stat((directory_ / "in/box/report").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0640U);
    EXPECT_EQ(status.st_mtim.tv_sec, 1'234'567'890);
    EXPECT_EQ(left_in_staging(), 0U);
}

TEST_F(PutFileTest, WhatIsBrokenOffLeavesNothing) {
    test::write_whole(directory_ / "old", "kept");
    {
        PutFile put(files_, files_.open_root(directory_.path()), {.path = "old"}, 1);
        put.write(bytes("half"));
    }
    EXPECT_EQ(test::read_whole(directory_ / "old"), "kept");
    EXPECT_EQ(left_in_staging(), 0U);
    // And what a kill leaves is removed at the next start.
    test::write_whole(directory_ / ".farshore/staging/unfinished-7", "half");
    remove_unfinished_puts(files_, files_.open_root(directory_.path()));
    EXPECT_EQ(left_in_staging(), 0U);
}

TEST_F(PutFileTest, IsNotTakenForOneThatWasBrokenOff) {
    PutFile put(files_, files_.open_root(directory_.path()), {.path = "new"}, 1);
    put.write(bytes("content"));
    // The tree's root is recognised: a put may be earlier than that.
    remove_unfinished_puts(files_, files_.open_root(directory_.path()));
    (void)put.place();
    EXPECT_EQ(test::read_whole(directory_ / "new"), "content");
    EXPECT_EQ(left_in_staging(), 0U);
}

TEST_F(PutFileTest, StaysInTheTree) {
    for (const char* path : {"../out", "/etc/x", ".", "", ".farshore/marker.json", "a//b"}) {
        EXPECT_THROW(PutFile(files_, files_.open_root(directory_.path()), {.path = path}, 1), Error)
            << path;
    }
    fs::create_symlink("/tmp", directory_ / "out");
    PutFile put(files_, files_.open_root(directory_.path()), {.path = "out/file"}, 1);
    EXPECT_THROW((void)put.place(), Error);
}

}  // namespace
}  // namespace farshore::primary
