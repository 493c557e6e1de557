#include "storage/disk/posix_file_system.hpp"

#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

class PosixFileSystemTest : public testing::Test {
  protected:
    test::TemporaryDirectory directory_;
    PosixFileSystem files_;
    Handle root_ = files_.open_root(directory_.path());

    std::span<const std::byte> bytes(std::string_view text) {
        return std::as_bytes(std::span(text));
    }
    void put(const std::string& path, std::string_view content) {
        const Handle file = files_.create_file(root_, path);
        files_.write_at(file, 0, bytes(content));
    }
    std::string get(const std::string& path) {
        const Handle file = files_.open_file(root_, path);
        std::string content(100, '\0');
        content.resize(files_.read_at(file, 0, std::as_writable_bytes(std::span(content))));
        return content;
    }
    template <typename Deed>
    ErrorCode code_of(Deed deed) {
        try {
            deed();
        } catch (const Error& error) {
            message_ = error.message();
            return error.code();
        }
        return ErrorCode::cancelled;  // nothing was thrown
    }
    std::string message_;
};

TEST_F(PosixFileSystemTest, ContentGoesInAndComesOut) {
    put("a", "hello");
    EXPECT_EQ(get("a"), "hello");
    const Handle again = files_.open_append(root_, "a");
    files_.write_at(again, 5, bytes(" world"));
    EXPECT_EQ(get("a"), "hello world");
    files_.truncate(again, 4);
    EXPECT_EQ(get("a"), "hell");
    EXPECT_EQ(files_.status(root_, "a")->mode, 0600U);
    files_.sync_file(again);
    files_.sync_file(root_);
    files_.sync_filesystem(root_);
    EXPECT_GT(files_.free_bytes(root_), 0U);
}

TEST_F(PosixFileSystemTest, FailuresNameTheDeedAndThePath) {
    EXPECT_EQ(code_of([&] { (void)files_.open_file(root_, "no"); }), ErrorCode::not_found);
    EXPECT_EQ(message_, "cannot read no: No such file or directory");
    put("a", "");
    EXPECT_EQ(code_of([&] { (void)files_.create_file(root_, "a"); }), ErrorCode::already_exists);
    EXPECT_EQ(code_of([&] { (void)files_.create_file(root_, "a/b"); }), ErrorCode::not_found);
    EXPECT_FALSE(files_.status(root_, "a/b").has_value());
    EXPECT_FALSE(files_.status(root_, "x/y").has_value());
    EXPECT_FALSE(files_.unlink(root_, "x/y"));
    EXPECT_FALSE(files_.unlink(root_, "x"));
    EXPECT_TRUE(files_.unlink(root_, "a"));
}

TEST_F(PosixFileSystemTest, PathsThatLeaveAreRefused) {
    for (const char* path : {"", "..", "../x", "a/../../x", "/etc/passwd", "a//b", "a/", "./a"}) {
        EXPECT_EQ(code_of([&] { (void)files_.create_file(root_, path); }), ErrorCode::unsafe_path)
            << path;
        EXPECT_EQ(code_of([&] { (void)files_.status(root_, path); }), ErrorCode::unsafe_path);
        EXPECT_EQ(code_of([&] { (void)files_.unlink(root_, path); }), ErrorCode::unsafe_path);
    }
    EXPECT_EQ(code_of([&] { (void)files_.create_file(root_, std::string("a\0b", 3)); }),
              ErrorCode::unsafe_path);
}

TEST_F(PosixFileSystemTest, NoLinkIsEverFollowed) {
    const test::TemporaryDirectory outside;
    test::write_whole(outside / "secret", "secret");
    files_.make_symlink(root_, "out", outside.path());
    files_.make_symlink(root_, "file", outside / "secret");
    const auto refused = ErrorCode::unsafe_path;
    EXPECT_EQ(code_of([&] { (void)files_.open_file(root_, "out/secret"); }), refused);
    EXPECT_EQ(code_of([&] { (void)files_.open_file(root_, "file"); }), refused);
    EXPECT_EQ(code_of([&] { (void)files_.create_file(root_, "out/new"); }), refused);
    EXPECT_EQ(code_of([&] { (void)files_.open_append(root_, "file"); }), refused);
    EXPECT_EQ(code_of([&] { files_.unlink(root_, "out/secret"); }), refused);
    EXPECT_EQ(code_of([&] { files_.make_directory(root_, "out/d", 0700); }), refused);
    EXPECT_EQ(code_of([&] { files_.rename(root_, "file", root_, "out/x"); }), refused);
    EXPECT_EQ(code_of([&] { files_.set_mode(root_, "out/secret", 0777); }), refused);
    EXPECT_EQ(code_of([&] { (void)files_.status(root_, "out/secret"); }), refused);
    files_.set_mode(root_, "file", 0777);
    files_.set_mtime(root_, "file", {1234567890, 123456789});
    (void)files_.set_owner(root_, "file", 1, 1);
    struct stat after {};
    ASSERT_EQ(::stat((outside / "secret").c_str(), &after), 0);
    EXPECT_EQ(after.st_mode & 07777U, 0644U);
    EXPECT_NE(after.st_mtim.tv_sec, 1234567890);
    EXPECT_EQ(after.st_uid, ::getuid());
    EXPECT_EQ(files_.status(root_, "file")->mtime, (FileTime{1234567890, 123456789}));
    EXPECT_EQ(files_.read_symlink(root_, "out"), outside.path());
    EXPECT_EQ(files_.status(root_, "out")->type, EntryType::symlink);
}

TEST_F(PosixFileSystemTest, PathsLongerThanTheKernelTakes) {
    std::string path;
    const std::string component(200, 'd');
    while (path.size() < 20'000) {
        path += path.empty() ? component : "/" + component;
        files_.make_directory(root_, path, 0700);
    }
    put(path + "/file", "deep");
    EXPECT_EQ(get(path + "/file"), "deep");
    EXPECT_EQ(files_.status(root_, path + "/file")->size, 4U);
    files_.set_mode(root_, path + "/file", 0444);
    EXPECT_EQ(files_.status(root_, path + "/file")->mode, 0444U);
    files_.rename(root_, path + "/file", root_, "up");
    EXPECT_EQ(get("up"), "deep");
    EXPECT_EQ(code_of([&] { (void)files_.open_file(root_, std::string(5'000, 'x')); }),
              ErrorCode::io);
}

TEST_F(PosixFileSystemTest, ListsEverythingOnce) {
    put("a", "");
    files_.make_directory(root_, "d", 0755);
    files_.make_symlink(root_, "l", "a");
    for (int round = 0; round < 2; ++round) {
        auto items = files_.list(root_);
        std::sort(items.begin(), items.end(),
                  [](const auto& x, const auto& y) { return x.name < y.name; });
        ASSERT_EQ(items.size(), 3U);
        EXPECT_EQ(items[0].name, "a");
        EXPECT_EQ(items[1].type, EntryType::directory);
        EXPECT_EQ(items[2].type, EntryType::symlink);
    }
}

TEST_F(PosixFileSystemTest, LinksAndRenames) {
    put("a", "1");
    files_.link(root_, "a", root_, "b");
    EXPECT_EQ(files_.status(root_, "b")->links, 2U);
    EXPECT_EQ(files_.status(root_, "b")->inode, files_.status(root_, "a")->inode);
    put("c", "2");
    files_.rename(root_, "c", root_, "b");
    EXPECT_EQ(get("b"), "2");
    EXPECT_EQ(get("a"), "1");
    files_.make_directory(root_, "d", 0755);
    files_.remove_directory(root_, "d");
    EXPECT_EQ(code_of([&] { files_.link(root_, "a", root_, "b"); }), ErrorCode::already_exists);
}

TEST_F(PosixFileSystemTest, MetadataIsKeptToTheBit) {
    put("a", "");
    files_.set_mode(root_, "a", 04751);
    files_.set_mtime(root_, "a", {-5, 999'999'999});
    const auto status = files_.status(root_, "a");
    EXPECT_EQ(status->mode, 04751U);
    EXPECT_EQ(status->mtime, (FileTime{-5, 999'999'999}));
    const std::map<std::string, std::string> xattrs{{"user.one", "1"},
                                                    {"user.two", std::string("\0x", 2)}};
    if (files_.set_xattrs(root_, "a", xattrs)) {
        EXPECT_EQ(files_.read_xattrs(root_, "a"), xattrs);
        EXPECT_TRUE(files_.set_xattrs(root_, "a", {{"user.two", "2"}}));
        EXPECT_EQ(files_.read_xattrs(root_, "a").size(), 1U);
    }
    files_.set_mode(root_, ".", 0711);
    EXPECT_EQ(files_.status(root_).mode, 0711U);
    EXPECT_EQ(files_.status(root_, ".")->inode, files_.status(root_).inode);
}

TEST_F(PosixFileSystemTest, SpecialFilesAreMadeAndNeverRead) {
    EXPECT_TRUE(files_.make_node(root_, "fifo", EntryType::fifo, {}));
    EXPECT_TRUE(files_.make_node(root_, "socket", EntryType::socket, {}));
    EXPECT_EQ(files_.status(root_, "fifo")->type, EntryType::fifo);
    EXPECT_EQ(files_.status(root_, "socket")->type, EntryType::socket);
    EXPECT_EQ(code_of([&] { (void)files_.open_file(root_, "fifo"); }), ErrorCode::unsafe_path);
    EXPECT_EQ(code_of([&] { (void)files_.open_file(root_, "socket"); }), ErrorCode::unsafe_path);
    if (files_.make_node(root_, "null", EntryType::device, {false, 1, 3})) {
        EXPECT_EQ(files_.status(root_, "null")->device, (DeviceNumber{false, 1, 3}));
    }
    files_.make_directory(root_, "d", 0755);
    EXPECT_EQ(code_of([&] { (void)files_.open_file(root_, "d"); }), ErrorCode::unsafe_path);
}

TEST_F(PosixFileSystemTest, OneLockAtATime) {
    Handle first = files_.open_append(root_, "lock");
    const Handle second = files_.open_append(root_, "lock");
    EXPECT_TRUE(files_.try_lock(first));
    EXPECT_FALSE(files_.try_lock(second));
    { const Handle closed = std::move(first); }
    EXPECT_TRUE(files_.try_lock(second));
}

// Whose program it would be: that of the user whom the agent runs as.
TEST_F(PosixFileSystemTest, AProgramWhoseOwnerIsNotKeptRunsWithNobodysRights) {
    put("program", "x");
    constexpr unsigned other = 65534;
    const bool is_root = ::geteuid() == 0;
    if (is_root) {
        files_.set_owner(root_, "program", other, other);
        files_.set_mode(root_, ".", 0755);
        ::setfsuid(other);  // of this thread, and the rights of root with it
    }
    FileEntry entry;
    entry.path = "program";
    entry.mode = 06755;
    const bool kept = files_.set_metadata(root_, "program", entry);
    if (is_root) {
        ::setfsuid(0);
    }
    EXPECT_FALSE(kept);
    EXPECT_EQ(files_.status(root_, "program")->mode, 0755U);
}

}  // namespace
}  // namespace farshore::storage
