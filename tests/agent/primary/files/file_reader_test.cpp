#include "agent/primary/files/file_reader.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "protocol/limits.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;
using enum FileReading::Outcome;

class FileReaderTest : public testing::Test {
  protected:
    FileReading read(const std::string& path, const TakePiece& take) {
        return read_file(files_, files_.open_root(directory_.path()), path, take);
    }
    FileReading read(const std::string& path) {
        return read(path, [](std::string_view) { return true; });
    }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    const std::string long_ = std::string(limits::payload_piece + 1, 'x');
};

TEST_F(FileReaderTest, ReadsWholeFiles) {
    test::write_whole(directory_ / "file", long_);
    std::string content;
    const FileReading reading = read("file", [&](std::string_view piece) {
        EXPECT_LE(piece.size(), limits::payload_piece);
        content += piece;
        return true;
    });
    EXPECT_EQ(reading.outcome, stable);
    EXPECT_EQ(content, long_);
    EXPECT_EQ(reading.sha256, sha256(long_));
    EXPECT_EQ(reading.size, long_.size());
    EXPECT_EQ(read("absent").outcome, absent);
}

TEST_F(FileReaderTest, NoticesEveryChangeMeanwhile) {
    const std::vector<std::function<void()>> changes{
        [&] { test::write_whole(directory_ / "file", long_ + "more"); },
        [&] { fs::resize_file(directory_ / "file", 5); },
        [&] { fs::remove(directory_ / "file"); },
        [&] { fs::permissions(directory_ / "file", fs::perms::owner_all); },
        [&] {
            test::write_whole(directory_ / "other", long_);
            fs::rename(directory_ / "other", directory_ / "file");
        },
        [&] {
            fs::remove(directory_ / "file");
            fs::create_symlink("elsewhere", directory_ / "file");
        }};
    for (const auto& change : changes) {
        fs::remove(directory_ / "file");
        test::write_whole(directory_ / "file", long_);
        bool done = false;
        const FileReading reading = read("file", [&](std::string_view) {
            if (!std::exchange(done, true)) {
                change();
            }
            return true;
        });
        EXPECT_EQ(reading.outcome, changed);
    }
    EXPECT_EQ(read("file").outcome, absent);  // a link by now
}

TEST_F(FileReaderTest, AStatusIsSettledATickAfterItsLastChange) {
    storage::FileStatus status;
    status.ctime = {100, 500'000'000};
    EXPECT_FALSE(is_settled(status, Timestamp{100'500'000'000}));
    EXPECT_FALSE(is_settled(status, Timestamp{100'519'000'000}));
    EXPECT_TRUE(is_settled(status, Timestamp{100'521'000'000}));
    EXPECT_FALSE(is_settled(status, Timestamp{99'000'000'000}));  // the clock was set back
    EXPECT_NE(unsettled_identity(status), storage::identity_of(status));
}

}  // namespace
}  // namespace farshore::primary
