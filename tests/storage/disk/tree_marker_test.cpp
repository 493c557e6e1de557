#include "storage/disk/tree_marker.hpp"

#include <gtest/gtest.h>

#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

const TreeMarker example{StreamName("shop"), SourceName("uploads"), TreeMarker::Role::secondary,
                         "00112233445566778899aabbccddeeff"};

TEST(TreeMarkerTest, IsReadAsWrittenAndLeavesTheRootsTime) {
    const test::TemporaryDirectory directory;
    PosixFileSystem files;
    const Handle root = files.open_root(directory.path());
    EXPECT_FALSE(read_marker(files, root).has_value());
    files.set_mtime(root, ".", {1'000'000'000, 7});
    write_marker(files, root, example);
    EXPECT_EQ(files.status(root).mtime, (FileTime{1'000'000'000, 7}));
    EXPECT_EQ(read_marker(files, root), example);
    EXPECT_EQ(files.status(root, tree_paths::ours)->mode, 0700U);
}

TEST(TreeMarkerTest, HasItsForm) {
    EXPECT_EQ(to_json(example),
              R"({"farshore":1,"stream":"shop","tree":"uploads","role":"secondary",)"
              R"("id":"00112233445566778899aabbccddeeff"})"
              "\n");
    EXPECT_EQ(parse_marker(to_json(example)).value(), example);
}

TEST(TreeMarkerTest, WhatIsNotOneIsRefused) {
    const std::string good = to_json(example);
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string changed = good;
        changed.replace(changed.find(from), from.size(), to);
        return parse_marker(changed);
    };
    EXPECT_EQ(with("\"farshore\":1", "\"farshore\":2").error().code(), ErrorCode::bad_version);
    for (const auto& [from, to] : std::map<std::string, std::string>{{"secondary", "third"},
                                                                     {"shop", "../shop"},
                                                                     {"0011", "0x11"},
                                                                     {"0011", "01"},
                                                                     {"\"role\"", "\"rule\""},
                                                                     {"{", "{\"more\":1,"},
                                                                     {"{", "["}}) {
        EXPECT_EQ(with(from, to).error().code(), ErrorCode::malformed) << from << " " << to;
    }
    EXPECT_FALSE(parse_marker("").ok());
}

TEST(TreeMarkerTest, ADamagedOneIsNotTakenForNone) {
    const test::TemporaryDirectory directory;
    PosixFileSystem files;
    const Handle root = files.open_root(directory.path());
    make_our_directory(files, root);
    test::write_whole(directory / std::string(tree_paths::marker), "{");
    EXPECT_THROW((void)read_marker(files, root), Error);
}

}  // namespace
}  // namespace farshore::storage
