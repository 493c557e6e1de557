#include "agent/secondary/files/staging.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <string>
#include <thread>

#include "protocol/limits.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {
namespace {

bool nothing(const Digest&) {
    return false;
}
bool everything(const Digest&) {
    return true;
}

class StagingTest : public testing::Test {
  protected:
    test::TemporaryDirectory directory_;
    storage::PosixFileSystem real_;
    test::FaultyFileSystem files_{real_};
    storage::Handle root_ = files_.open_root(directory_.path());
    Staging staging_{files_, root_, nothing};
    const Digest hello_ = sha256("hello");

    std::string staged(const Digest& sha256) {
        return directory_ / storage::tree_paths::staged(sha256);
    }
    std::size_t names_in_staging() {
        return files_.list(files_.open_directory(root_, storage::tree_paths::staging)).size();
    }
    Staging::Take take_to(const Digest& sha256, const std::string& path, bool keep = false) {
        return staging_.take(
            sha256, [&](const std::string&, const storage::FileStatus&) { return keep; },
            [&](const std::string& name) { files_.rename(root_, name, root_, path); });
    }
};

TEST_F(StagingTest, SmallContentIsCheckedAndKeptOnce) {
    EXPECT_FALSE(staging_.has(hello_));
    staging_.put_whole(hello_, "hello");
    staging_.put_whole(hello_, "hello");
    EXPECT_TRUE(staging_.has(hello_));
    EXPECT_EQ(staging_.count(), 1U);
    EXPECT_EQ(test::read_whole(staged(hello_)), "hello");
    EXPECT_THROW(staging_.put_whole(sha256("other"), "hello"), Error);
    EXPECT_EQ(names_in_staging(), 1U);
}

TEST_F(StagingTest, LargeContentComesInPieces) {
    const std::string piece(limits::payload_piece, 'x');
    const std::string zeros(limits::payload_piece, '\0');
    const Digest sha256_of_all = sha256(piece + zeros + "end" + zeros);
    const auto transfer = staging_.begin("big", 3 * limits::payload_piece, false);
    for (const std::string& part : {piece, zeros, std::string("end"), zeros}) {
        EXPECT_FALSE(staging_.has(sha256_of_all));
        transfer->data(part);
    }
    transfer->end(3 * limits::payload_piece + 3, sha256_of_all);
    EXPECT_TRUE(staging_.has(sha256_of_all));
    EXPECT_EQ(test::read_whole(staged(sha256_of_all)), piece + zeros + "end" + zeros);
    struct stat found {};
    ASSERT_EQ(::stat(staged(sha256_of_all).c_str(), &found), 0);
    EXPECT_LT(found.st_blocks * 512, found.st_size);  // the zeros are holes
}

TEST_F(StagingTest, SmallContentKeepsItsHolesToo) {
    const std::string content = std::string(65536, '\0') + "middle" + std::string(65536, '\0');
    const Digest sha256_of_all = sha256(content);
    staging_.put_whole(sha256_of_all, content);
    EXPECT_EQ(test::read_whole(staged(sha256_of_all)), content);
    struct stat found {};
    ASSERT_EQ(::stat(staged(sha256_of_all).c_str(), &found), 0);
    EXPECT_LT(found.st_blocks * 512, found.st_size);  // the zeros are holes
}

TEST_F(StagingTest, WhatDoesNotMatchIsNeverStaged) {
    {
        const auto transfer = staging_.begin("big", 5, false);
        transfer->data("hello");
        EXPECT_THROW(transfer->end(4, hello_), Error);
        EXPECT_THROW(transfer->end(5, sha256("other")), Error);
    }
    { const auto nothing_came = staging_.begin("big", 5, false); }
    EXPECT_EQ(staging_.count(), 0U);
    EXPECT_EQ(names_in_staging(), 0U);
}

TEST_F(StagingTest, WhatCameOfAnInterruptedTransferIsKeptAsABeginning) {
    { staging_.begin("big", 5, false)->data("hel"); }
    EXPECT_EQ(staging_.count(), 0U);
    EXPECT_TRUE(staging_.begun().has(sha256("big")));
    EXPECT_EQ(test::read_whole(directory_ / storage::tree_paths::begun(sha256("big"))), "hel");
    {
        // Two at once have a file each.
        const auto first = staging_.begin("big", 5, true);
        const auto second = staging_.begin("big", 5, true);
        EXPECT_EQ(first->found(), 3U);
        EXPECT_EQ(second->found(), 0U);
        first->data_in_place("hel");
        first->data("lo");
        first->end(5, hello_);
    }
    EXPECT_EQ(test::read_whole(staged(hello_)), "hello");
    EXPECT_EQ(names_in_staging(), 1U);
}

TEST_F(StagingTest, WhatABeginningHadUnderAHoleDoesNotShow) {
    const std::string size(limits::payload_piece, 'x');
    { staging_.begin("big", 1, false)->data(size); }
    const std::string zeros(limits::payload_piece - 5, '\0');
    const auto transfer = staging_.begin("big", 1, true);
    transfer->data(zeros);
    transfer->end(zeros.size(), sha256(zeros));
    EXPECT_EQ(test::read_whole(staged(sha256(zeros))), zeros);
}

TEST_F(StagingTest, AFullDiskIsNotFullOfBeginnings) {
    { staging_.begin("old", 1, false)->data("beginning"); }
    files_.set_room(3);
    EXPECT_THROW((void)staging_.begin("big", 5, false), Error);
    EXPECT_FALSE(staging_.begun().has(sha256("old")));
}

TEST_F(StagingTest, AFullDiskLosesNothing) {
    files_.set_room(3);
    EXPECT_THROW(staging_.put_whole(hello_, "hello"), Error);
    EXPECT_THROW((void)staging_.begin("big", 5, false), Error);
    EXPECT_EQ(names_in_staging(), 0U);
    files_.clear_faults();
    const auto transfer = staging_.begin("big", 10, false);
    transfer->data("he");
    files_.set_room(1);
    try {
        transfer->data("llo");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::disk_full);
    }
    files_.clear_faults();
    transfer->data("llo");
    files_.fail(test::FaultyFileSystem::Call::rename, 1, ErrorCode::disk_full);
    EXPECT_THROW(transfer->end(5, hello_), Error);
    transfer->end(5, hello_);
    EXPECT_EQ(test::read_whole(staged(hello_)), "hello");
}

TEST_F(StagingTest, TakenOnceOrCopied) {
    staging_.put_whole(hello_, "hello");
    EXPECT_EQ(take_to(hello_, "a", true), Staging::Take::kept);
    files_.rename(root_, staging_.copy(hello_), root_, "a");
    EXPECT_EQ(take_to(hello_, "b"), Staging::Take::taken);
    EXPECT_EQ(take_to(hello_, "c"), Staging::Take::absent);
    EXPECT_FALSE(staging_.has(hello_));
    EXPECT_EQ(test::read_whole(directory_ / "a"), "hello");
    EXPECT_EQ(test::read_whole(directory_ / "b"), "hello");
    EXPECT_EQ(names_in_staging(), 0U);
}

TEST_F(StagingTest, WhatSomebodyRemovedOrAlteredIsNotServed) {
    staging_.put_whole(hello_, "hello");
    test::write_whole(staged(hello_), "HELLO");
    EXPECT_THROW((void)staging_.copy(hello_), Error);
    EXPECT_FALSE(staging_.has(hello_));
    staging_.put_whole(hello_, "hello");
    ASSERT_EQ(::unlink(staged(hello_).c_str()), 0);
    EXPECT_EQ(take_to(hello_, "a"), Staging::Take::absent);
    EXPECT_FALSE(staging_.has(hello_));
}

TEST_F(StagingTest, ContentOfTheReplicaIsReadAgain) {
    test::write_whole(directory_ / "file", "hello");
    EXPECT_FALSE(staging_.stage_copy("file", sha256("other")));
    EXPECT_FALSE(staging_.stage_copy("no file", hello_));
    EXPECT_EQ(names_in_staging(), 0U);
    EXPECT_TRUE(staging_.stage_copy("file", hello_));
    EXPECT_TRUE(staging_.has(hello_));
    test::write_whole(directory_ / "linked", "other");
    EXPECT_TRUE(staging_.stage_link("linked", sha256("other")));
    EXPECT_FALSE(staging_.stage_link("no file", sha256("third")));
    EXPECT_EQ(real_.status(root_, "linked")->links, 2U);
}

TEST_F(StagingTest, ARestartKeepsWhatIsNeeded) {
    staging_.put_whole(hello_, "hello");
    staging_.put_whole(sha256("other"), "other");
    test::write_whole(directory_ / storage::tree_paths::unfinished(77), "hal");
    Staging next(files_, root_, [&](const Digest& sha256) { return sha256 == hello_; });
    EXPECT_TRUE(next.has(hello_));
    EXPECT_FALSE(next.has(sha256("other")));
    EXPECT_EQ(names_in_staging(), 1U);
}

TEST_F(StagingTest, WhatACrashLeftHalfWrittenIsNotTakenForTheContent) {
    test::write_whole(staged(hello_), "hel");
    test::write_whole(staged(sha256("zeros")), std::string(5, '\0'));
    test::write_whole(staged(sha256("whole")), "whole");
    const Staging next(files_, root_, everything);
    EXPECT_FALSE(next.has(hello_));
    EXPECT_FALSE(next.has(sha256("zeros")));
    EXPECT_TRUE(next.has(sha256("whole")));
    EXPECT_EQ(names_in_staging(), 1U);
}

// The rename of a large file may reach the disk before its content does.
TEST_F(StagingTest, WhatTheHostLostWhenItWentDownIsNotTakenForTheContent) {
    const std::string content(limits::small_file + 5, 'x');
    const Digest torn = sha256(content);
    const std::string other(limits::small_file + 7, 'y');
    const Digest whole = sha256(other);
    test::write_whole(staged(whole), other);
    test::write_whole(staged(torn),
                      content.substr(0, limits::small_file + 1) + std::string(4, '\0'));
    {
        const Staging next(files_, root_, everything);
        EXPECT_FALSE(next.has(torn));
        EXPECT_TRUE(next.has(whole));
        EXPECT_EQ(names_in_staging(), 1U);
    }
    // Within one boot a name is given to what is whole only, and nothing large is read again.
    test::write_whole(staged(whole), other + "z");
    EXPECT_TRUE(Staging(files_, root_, everything, true).has(whole));
}

TEST_F(StagingTest, WhatLiesUnderItsNameUnknownToUsIsReplaced) {
    test::write_whole(staged(hello_), "somebody else's");
    staging_.put_whole(hello_, "hello");
    EXPECT_TRUE(staging_.has(hello_));
    EXPECT_EQ(test::read_whole(staged(hello_)), "hello");
    EXPECT_EQ(names_in_staging(), 1U);
}

TEST_F(StagingTest, WithoutItsDirectoryNothingIsSaidToBeStaged) {
    staging_.put_whole(hello_, "hello");
    EXPECT_EQ(test::run({"rm", "-r", directory_ / ".farshore"}).status, 0);
    EXPECT_THROW(staging_.sync(), Error);
    EXPECT_FALSE(staging_.has(hello_));
    staging_.put_whole(hello_, "hello");
    EXPECT_NO_THROW(staging_.sync());
    EXPECT_EQ(test::read_whole(staged(hello_)), "hello");
}

TEST_F(StagingTest, ADirectoryThatIsGoneIsMadeAnewBeforeAnythingIsWritten) {
    staging_.put_whole(hello_, "hello");
    EXPECT_FALSE(staging_.restore_directory());
    EXPECT_TRUE(staging_.has(hello_));
    EXPECT_EQ(test::run({"rm", "-r", directory_ / ".farshore/staging"}).status, 0);
    EXPECT_THROW(staging_.put_whole(sha256("more"), "more"), Error);
    EXPECT_TRUE(staging_.restore_directory());
    EXPECT_FALSE(staging_.has(hello_));
    for (const char* content : {"hello", "more"}) {
        staging_.put_whole(sha256(content), content);
    }
    EXPECT_NO_THROW(staging_.sync());
    EXPECT_EQ(names_in_staging(), 2U);
}

// For the thread sanitizer, too: a lane writes while the directory is lost and made anew.
TEST_F(StagingTest, LanesWriteWhileTheDirectoryIsMadeAnew) {
    std::atomic<bool> over{false};
    std::thread lane([&] {
        for (int i = 0; !over; ++i) {
            const std::string content = "content " + std::to_string(i);
            try {
                staging_.put_whole(sha256(content), content);
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), ErrorCode::not_found) << error.message();
            }
        }
    });
    for (int i = 0; i < 50; ++i) {
        (void)test::run({"rm", "-rf", directory_ / ".farshore/staging"});
        (void)staging_.restore_directory();
    }
    over = true;
    lane.join();
    EXPECT_EQ(files_.list(root_).size(), 1U);  // nothing but ours, and there nothing but staging
    EXPECT_EQ(files_.list(files_.open_directory(root_, ".farshore")).size(), 1U);
}

TEST_F(StagingTest, WhatNobodyAsksForGoesSomeCutsLater) {
    staging_.put_whole(hello_, "hello");
    for (int cut = 0; cut < 2; ++cut) {
        staging_.begin_cut();
        staging_.release_unneeded(nothing);
        EXPECT_TRUE(staging_.has(hello_));
    }
    staging_.begin_cut();
    staging_.release_unneeded(everything);
    EXPECT_TRUE(staging_.has(hello_));
    staging_.begin_cut();
    staging_.begin_cut();
    staging_.put_whole(hello_, "hello");  // it comes again: it will be asked for
    staging_.begin_cut();
    staging_.release_unneeded(nothing);
    EXPECT_TRUE(staging_.has(hello_));
    staging_.begin_cut();
    staging_.begin_cut();
    staging_.release_unneeded(nothing);
    EXPECT_FALSE(staging_.has(hello_));
    EXPECT_EQ(names_in_staging(), 0U);
}

TEST_F(StagingTest, SyncsTheFilesystemOrThrows) {
    staging_.sync();
    EXPECT_EQ(files_.trace().back(), test::FaultyFileSystem::Call::sync_filesystem);
    files_.fail_syncs_from(1);
    EXPECT_THROW(staging_.sync(), Error);
    EXPECT_THROW(staging_.sync(), Error);  // for ever
}

TEST_F(StagingTest, LeavesTheTimeOfTheRoot) {
    const test::TemporaryDirectory fresh;
    const storage::Handle root = real_.open_root(fresh.path());
    real_.set_mtime(root, ".", {1'000'000'000, 7});
    const Staging staging(real_, root, nothing);
    EXPECT_EQ(real_.status(root).mtime, (FileTime{1'000'000'000, 7}));
}

}  // namespace
}  // namespace farshore::secondary
