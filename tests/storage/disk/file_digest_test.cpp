#include "storage/disk/file_digest.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <span>

#include "protocol/limits.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

class FileDigestTest : public testing::Test {
  protected:
    test::TemporaryDirectory directory_;
    PosixFileSystem files_;
    Handle root_ = files_.open_root(directory_.path());
};

TEST_F(FileDigestTest, ReadsToTheEnd) {
    const std::string exact(limits::payload_piece, 'x');
    for (const std::string& content : {std::string(), std::string("x"), exact, exact + "y"}) {
        test::write_whole(directory_ / "a", content);
        const FileDigest digest = digest_of(files_, files_.open_file(root_, "a"));
        EXPECT_EQ(digest.sha256, sha256(content));
        EXPECT_EQ(digest.size, content.size());
    }
}

TEST_F(FileDigestTest, ACopyIsEqualAndKeepsHoles) {
    const std::string zeros(300'000, '\0');
    for (const std::string& content :
         {zeros, "x" + zeros, zeros + "x", zeros + "x" + zeros, std::string("short")}) {
        test::write_whole(directory_ / "from", content);
        files_.unlink(root_, "to");
        const Handle to = files_.create_file(root_, "to");
        EXPECT_EQ(copy_content(files_, files_.open_file(root_, "from"), to).sha256,
                  sha256(content));
        EXPECT_EQ(test::read_whole(directory_ / "to"), content);
    }
    struct stat found {};
    test::write_whole(directory_ / "from", zeros);
    files_.unlink(root_, "to");
    copy_content(files_, files_.open_file(root_, "from"), files_.create_file(root_, "to"));
    ASSERT_EQ(::stat((directory_ / "to").c_str(), &found), 0);
    EXPECT_LT(found.st_blocks * 512, 100'000);
}

TEST_F(FileDigestTest, BlocksOfTheFileStayHolesWhereverAPieceBegins) {
    // One byte in each 64 KiB, written in pieces that begin and end anywhere.
    std::string content(4 * limits::mib + 100, '\0');
    for (std::size_t at = 5'000; at < content.size(); at += 64 * limits::kib) {
        content[at] = 'x';
    }
    const Handle to = files_.create_file(root_, "to");
    for (std::size_t at = 0; at < content.size(); at += 100'001) {
        write_with_holes(files_, to, at,
                         std::as_bytes(std::span(content).subspan(
                             at, std::min<std::size_t>(100'001, content.size() - at))));
    }
    files_.truncate(to, content.size());
    EXPECT_EQ(test::read_whole(directory_ / "to"), content);
    struct stat found {};
    ASSERT_EQ(::stat((directory_ / "to").c_str(), &found), 0);
    // 65 blocks with something in them, two more where each of 41 pieces begins.
    EXPECT_LT(found.st_blocks * 512, (65 + 2 * 42) * 4'096 + 64 * 1'024);
}

}  // namespace
}  // namespace farshore::storage
