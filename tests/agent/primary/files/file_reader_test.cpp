#include "agent/primary/files/file_reader.hpp"

#include <gtest/gtest.h>
#include <fstream>
#include <functional>
#include <utility>

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

// An append-only file, read again and again.
class AppendedTest : public testing::Test {
  protected:
    // The reading, what came, and where it began.
    FileReading read() {
        came_.clear();
        return read_appended(
            files_, root_, "log", tail_, [&](std::uint64_t from) { from_ = from; },
            [&](std::string_view piece) {
                came_ += piece;
                if (meanwhile) {
                    std::exchange(meanwhile, nullptr)();
                }
                return true;
            });
    }
    void append(const std::string& text) {
        std::ofstream(directory_ / "log", std::ios::binary | std::ios::app) << text;
        all_ += text;
    }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    storage::Handle root_ = files_.open_root(directory_.path());
    std::optional<FileTail> tail_;
    std::function<void()> meanwhile;
    std::string came_;
    std::string all_;
    std::uint64_t from_ = 77;
};

TEST_F(AppendedTest, OnlyTheTailIsReadAndTheDigestIsOfTheWhole) {
    append(std::string(10'000, 'x'));
    EXPECT_EQ(read().outcome, FileReading::Outcome::stable);
    EXPECT_EQ(from_, 0U);
    for (const char* more : {"one", "two", ""}) {
        const std::uint64_t before = all_.size();
        append(more);
        const FileReading reading = read();
        EXPECT_EQ(reading.outcome, FileReading::Outcome::stable);
        EXPECT_EQ(from_, before);
        EXPECT_EQ(came_, more);
        EXPECT_EQ(reading.size, all_.size());
        EXPECT_EQ(reading.sha256, sha256(all_));
    }
}

TEST_F(AppendedTest, WhatItHadWhenReadingBeganIsItsContentOfThatMoment) {
    append("before");
    const std::string then = all_;
    meanwhile = [this] { append("meanwhile"); };
    const FileReading reading = read();
    EXPECT_EQ(reading.outcome, FileReading::Outcome::moment);
    EXPECT_EQ(reading.sha256, sha256(then));
    (void)read();
    EXPECT_EQ(came_, "meanwhile");
}

TEST_F(AppendedTest, AnotherFileIsReadFromTheBeginning) {
    append("content");
    (void)read();
    test::write_whole(directory_ / "log", "CONTENT and more");
    all_ = "CONTENT and more";
    EXPECT_EQ(read().sha256, sha256(all_));
    EXPECT_EQ(from_, 0U);
    test::write_whole(directory_ / "log", "short");
    EXPECT_EQ(read().sha256, sha256("short"));
    EXPECT_EQ(from_, 0U);
    meanwhile = [this] { test::write_whole(directory_ / "log", ""); };
    append("!");
    EXPECT_EQ(read().outcome, FileReading::Outcome::changed);
    EXPECT_FALSE(tail_);
    ASSERT_TRUE(files_.unlink(root_, "log"));
    EXPECT_EQ(read().outcome, FileReading::Outcome::absent);
}

TEST(EqualSamples, TellsCopiesFromFilesOfTheSameSize) {
    const test::TemporaryDirectory directory;
    storage::PosixFileSystem files;
    const storage::Handle root = files.open_root(directory.path());
    std::string content(500'000, 'x');
    test::write_whole(directory / "one", content);
    test::write_whole(directory / "copy", content);
    EXPECT_EQ(equal_samples(files, root, "one", "copy"), samples);
    content.back() = 'y';
    test::write_whole(directory / "copy", content);
    EXPECT_EQ(equal_samples(files, root, "one", "copy"), samples - 1);
    test::write_whole(directory / "copy", std::string(500'000, 'z'));
    EXPECT_EQ(equal_samples(files, root, "one", "copy"), 0);
    test::write_whole(directory / "copy", std::string(499'999, 'x'));
    EXPECT_EQ(equal_samples(files, root, "one", "copy"), 0);
    EXPECT_EQ(equal_samples(files, root, "one", "absent"), 0);
}

}  // namespace
}  // namespace farshore::primary
