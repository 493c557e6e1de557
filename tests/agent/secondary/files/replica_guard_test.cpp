#include "agent/secondary/files/replica_guard.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {
namespace {

class ReplicaGuardTest : public testing::Test {
  protected:
    ReplicaGuardTest() { EXPECT_EQ(::mkdir(root_.c_str(), 0755), 0); }

    ReplicaGuard guard(bool adopt = false, const std::string& tree = "uploads") {
        return {files_, {StreamName("shop"), SourceName(tree), root_, adopt}};
    }
    ErrorCode open(ReplicaGuard guard) {
        try {
            guard.open(state_,
                       [this] { return std::string(31, '0') + std::to_string(next_id_++); });
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::cancelled;  // nothing was thrown
    }
    static constexpr ErrorCode fine = ErrorCode::cancelled;

    test::TemporaryDirectory directory_;
    std::string root_ = directory_ / "replica";
    storage::PosixFileSystem files_;
    storage::SecondaryState state_{directory_ / "state.db"};
    int next_id_ = 0;
};

TEST_F(ReplicaGuardTest, AnEmptyDirectoryBecomesOurs) {
    EXPECT_EQ(open(guard()), fine);
    EXPECT_EQ(open(guard()), fine);  // and stays it
    EXPECT_EQ(state_.known_root(SourceName("uploads"))->marker_id, std::string(32, '0'));
}

TEST_F(ReplicaGuardTest, WhatHoldsSomethingIsRefusedUnlessAdopted) {
    test::write_whole(root_ + "/home directory", "");
    EXPECT_EQ(open(guard()), ErrorCode::replica_not_empty);
    EXPECT_EQ(files_.list(files_.open_root(root_)).size(), 1U);  // untouched
    EXPECT_EQ(open(guard(true)), fine);
    EXPECT_EQ(open(guard()), fine);
}

TEST_F(ReplicaGuardTest, AnothersMarkerIsRespected) {
    EXPECT_EQ(open(guard(false, "other")), fine);
    EXPECT_EQ(open(guard(true)), ErrorCode::replica_not_empty);
    const test::TemporaryDirectory elsewhere;
    storage::write_marker(files_, files_.open_root(root_),
                          {StreamName("shop"), SourceName("uploads"),
                           storage::TreeMarker::Role::primary, std::string(32, 'a')});
    EXPECT_EQ(open(guard(true)), ErrorCode::replica_not_empty);
}

TEST_F(ReplicaGuardTest, AnotherRootInItsPlaceIsNotTouched) {
    EXPECT_EQ(open(guard()), fine);
    // Unmounted: an empty directory is there.
    EXPECT_EQ(test::run({"mv", root_, directory_ / "away"}).status, 0);
    EXPECT_EQ(open(guard()), ErrorCode::not_found);
    EXPECT_EQ(::mkdir(root_.c_str(), 0755), 0);
    EXPECT_EQ(open(guard(true)), ErrorCode::root_changed);
    EXPECT_TRUE(files_.list(files_.open_root(root_)).empty());
    // A copy of the right one.
    EXPECT_EQ(::rmdir(root_.c_str()), 0);
    EXPECT_EQ(test::run({"cp", "-a", directory_ / "away", root_}).status, 0);
    EXPECT_EQ(open(guard()), ErrorCode::root_changed);
    // The right one again.
    EXPECT_EQ(test::run({"rm", "-r", root_}).status, 0);
    EXPECT_EQ(test::run({"mv", directory_ / "away", root_}).status, 0);
    EXPECT_EQ(open(guard()), fine);
}

TEST_F(ReplicaGuardTest, ASwapIsNoticedWhileItRuns) {
    ReplicaGuard running = guard();
    running.open(state_, [] { return std::string(32, 'b'); });
    running.check();
    const auto code = [&] {
        try {
            running.check();
        } catch (const Error& error) {
            return error.code();
        }
        return fine;
    };
    EXPECT_EQ(test::run({"mv", root_, directory_ / "away"}).status, 0);
    EXPECT_EQ(code(), ErrorCode::root_changed);
    EXPECT_EQ(::mkdir(root_.c_str(), 0755), 0);
    EXPECT_EQ(code(), ErrorCode::root_changed);
    EXPECT_EQ(::rmdir(root_.c_str()), 0);
    EXPECT_EQ(test::run({"mv", directory_ / "away", root_}).status, 0);
    EXPECT_EQ(code(), fine);
    EXPECT_EQ(test::run({"rm", "-r", root_ + "/.farshore"}).status, 0);
    EXPECT_EQ(code(), ErrorCode::root_changed);
}

// Somebody cleaned the directory: nothing but the message tells how to go on.
TEST_F(ReplicaGuardTest, TellsHowAMarkerThatWasDeletedIsPutBack) {
    ReplicaGuard running = guard();
    const auto new_id = [] { return std::string(32, 'b'); };
    running.open(state_, new_id);
    EXPECT_EQ(test::run({"rm", "-r", root_ + "/.farshore"}).status, 0);
    for (const auto& asked : {std::function<void()>([&] { running.check(); }),
                              std::function<void()>([&] { guard().open(state_, new_id); })}) {
        try {
            asked();
            ADD_FAILURE() << "nothing was thrown";
        } catch (const Error& error) {
            const std::string& message = error.message();
            ASSERT_NE(message.find('{'), std::string::npos) << message;
            EXPECT_EQ(::mkdir((root_ + "/.farshore").c_str(), 0700), 0);
            test::write_whole(root_ + "/.farshore/marker.json",
                              message.substr(message.find('{')) + "\n");
        }
        EXPECT_NO_THROW(running.check());
        EXPECT_EQ(open(guard()), fine);
        EXPECT_EQ(test::run({"rm", "-r", root_ + "/.farshore"}).status, 0);
    }
}

TEST_F(ReplicaGuardTest, AProbeSaysTheSameAndChangesNothing) {
    const auto probe = [](const ReplicaGuard& guard) {
        try {
            guard.probe();
        } catch (const Error& error) {
            return error.code();
        }
        return fine;
    };
    EXPECT_EQ(probe(guard()), fine);
    EXPECT_TRUE(files_.list(files_.open_root(root_)).empty());
    test::write_whole(root_ + "/home directory", "");
    EXPECT_EQ(probe(guard()), ErrorCode::replica_not_empty);
    EXPECT_EQ(probe(guard(true)), fine);
    EXPECT_EQ(files_.list(files_.open_root(root_)).size(), 1U);
    EXPECT_EQ(open(guard(true)), fine);
    EXPECT_EQ(probe(guard()), fine);
    EXPECT_EQ(probe(guard(true, "other")), ErrorCode::replica_not_empty);
}

}  // namespace
}  // namespace farshore::secondary
