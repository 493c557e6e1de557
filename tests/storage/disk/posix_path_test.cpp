#include "storage/disk/posix_path.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

ErrorCode thrown_for(int cause) {
    try {
        throw_errno(cause, "do it to", "a/b");
    } catch (const Error& error) {
        EXPECT_TRUE(error.message().starts_with("cannot do it to a/b: ")) << error.message();
        return error.code();
    }
}

TEST(PosixPathTest, CausesBecomeTheirErrors) {
    EXPECT_EQ(thrown_for(ENOENT), ErrorCode::not_found);
    EXPECT_EQ(thrown_for(ENOTDIR), ErrorCode::not_found);
    EXPECT_EQ(thrown_for(EEXIST), ErrorCode::already_exists);
    EXPECT_EQ(thrown_for(ENOSPC), ErrorCode::disk_full);
    EXPECT_EQ(thrown_for(EDQUOT), ErrorCode::disk_full);
    EXPECT_EQ(thrown_for(ELOOP), ErrorCode::unsafe_path);
    EXPECT_EQ(thrown_for(EIO), ErrorCode::io);
    EXPECT_TRUE(is_refusal(EPERM));
    EXPECT_FALSE(is_refusal(EIO));
}

TEST(PosixPathTest, APathIsLocatedInItsDirectory) {
    const test::TemporaryDirectory directory;
    PosixFileSystem files;
    const Handle root = files.open_root(directory.path());
    files.make_directory(root, "d", 0755);
    const Located here(root, "name", "find");
    EXPECT_EQ(here.directory(), root.descriptor());
    EXPECT_STREQ(here.name(), "name");
    const Located below(root, "d/name", "find");
    EXPECT_NE(below.directory(), root.descriptor());
    EXPECT_STREQ(below.name(), "name");
    EXPECT_STREQ(Located(root, ".", "find").name(), ".");
    EXPECT_THROW(Located(root, "d/..", "find"), Error);
    EXPECT_THROW(Located(root, "no/name", "find"), Error);
}

TEST(PosixPathTest, AThingIsOpenedWithoutFollowing) {
    const test::TemporaryDirectory directory;
    PosixFileSystem files;
    const Handle root = files.open_root(directory.path());
    files.make_symlink(root, "link", "/");
    EXPECT_EQ(files.status(open_thing(root, "link", "open")).type, EntryType::symlink);
    EXPECT_LT(open_beneath(root, "link/etc", O_PATH, 0, "open"), 0);
    EXPECT_EQ(errno, ELOOP);
}

}  // namespace
}  // namespace farshore::storage
