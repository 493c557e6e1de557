#include "storage/disk/posix_xattrs.hpp"

#include <gtest/gtest.h>

#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/posix_path.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

TEST(PosixXattrsTest, AreReplacedAsAWhole) {
    const test::TemporaryDirectory directory;
    PosixFileSystem files;
    const Handle root = files.open_root(directory.path());
    (void)files.create_file(root, "a");
    const Handle thing = open_thing(root, "a", "open");
    const Xattrs first{{"user.a", "1"}, {"user.b", std::string(3000, 'x')}, {"user.empty", ""}};
    if (!replace_xattrs(thing, "a", first)) {
        GTEST_SKIP() << "this filesystem has no xattrs";
    }
    EXPECT_EQ(xattrs_of(thing, "a"), first);
    const Xattrs second{{"user.b", "2"}};
    EXPECT_TRUE(replace_xattrs(thing, "a", second));
    EXPECT_EQ(xattrs_of(thing, "a"), second);
    EXPECT_TRUE(replace_xattrs(thing, "a", {}));
    EXPECT_TRUE(xattrs_of(thing, "a").empty());
}

TEST(PosixXattrsTest, WhatAFileCanNotHaveIsARefusalNotAnError) {
    const test::TemporaryDirectory directory;
    PosixFileSystem files;
    const Handle root = files.open_root(directory.path());
    files.make_symlink(root, "link", "a");
    const Handle thing = open_thing(root, "link", "open");
    EXPECT_FALSE(replace_xattrs(thing, "link", {{"user.a", "1"}}));
    EXPECT_TRUE(xattrs_of(thing, "link").empty());
}

}  // namespace
}  // namespace farshore::storage
