// What we fear: the process ends at any step of receiving or applying, and what it left is not what
// the next one expects.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>

#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/agent/secondary/files/replica_fixture.hpp"
#include "tests/agent/secondary/files/tree_changes.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/process.hpp"
#include "tests/support/tree_comparison.hpp"
#include "tests/support/tree_listing.hpp"

namespace farshore::secondary {
namespace {

class CrashTest : public testing::Test {
  protected:
    // A source that has changed since its replica was made.
    CrashTest() : base_(directory_ / "base") {
        EXPECT_EQ(test::run({"mkdir", base_}).status, 0);
        replica_.emplace(base_);
        make_tree(replica_->source());
        replica_->carry();
        change_tree(replica_->source());
        cut_ = replica_->take_cut();
        // What an applying without a crash keeps.
        Replica whole(fresh_copy());
        storage::PosixFileSystem files;
        whole.receive(files, cut_);
        whole.apply(files);
        retained_ = retained_in(whole);
        EXPECT_GT(retained_.size(), 3U);
    }

    // Receives and applies in a child process that ends before its `nth` change to the disk, or at
    // a crash point. False when it came to its end.
    bool crash_in(const std::string& work, std::uint64_t nth, const char* point) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (point != nullptr) {
                ::setenv("FARSHORE_CRASH_POINT", point, 1);
            }
            storage::PosixFileSystem real;
            test::FaultyFileSystem files(real);
            files.die_at_change(nth);
            Replica replica(work);
            replica.receive(files, cut_);
            replica.apply(files);
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
        return WIFSIGNALED(status);
    }

    void finish_and_compare(const std::string& work) {
        storage::PosixFileSystem files;
        Replica replica(work);
        replica.receive(files, cut_);
        const ApplyReport report = replica.apply(files);
        EXPECT_EQ(test::tree_differences(replica.source(), replica.root()), "");
        EXPECT_EQ(report.altered.count(), 0U) << report.altered.first().front();
        storage::SecondaryState state(replica.state());
        TreeDigest expected;
        for (const FileEntry& entry : test::listing_of(replica_->source())) {
            expected.add(entry_digest(entry));
        }
        EXPECT_EQ(state.index().totals(replica_tree).digest, expected);
        EXPECT_EQ(retained_in(replica), retained_);
    }

    // Path and content of everything that is kept.
    static std::multimap<std::string, std::string> retained_in(const Replica& replica) {
        storage::SecondaryState state(replica.state());
        std::multimap<std::string, std::string> found;
        const auto add = [&](const storage::RetainedEntry& kept) {
            const std::string file =
                replica.root() + "/" + storage::tree_paths::in_retained(kept.how.name);
            found.emplace(kept.entry.path, kept.how.name.empty() ? "" : test::read_whole(file));
            if (!kept.how.name.empty()) {
                EXPECT_EQ(sha256(test::read_whole(file)), kept.entry.sha256) << kept.entry.path;
            }
        };
        state.index().retained().walk(replica_tree, ".", Timestamp{INT64_MAX}, add);
        return found;
    }

    // The state before the crash, for one attempt.
    std::string fresh_copy() {
        const std::string work = directory_ / "work";
        EXPECT_EQ(test::run({"rm", "-rf", work}).status, 0);
        EXPECT_EQ(test::run({"cp", "-a", base_, work}).status, 0);
        return work;
    }

    test::TemporaryDirectory directory_;
    std::string base_;
    std::optional<Replica> replica_;
    Replica::Cut cut_;
    std::multimap<std::string, std::string> retained_;
};

TEST_F(CrashTest, AtEachChangeToTheDisk) {
    // One in seven: they meet every kind of step, and all of them were tried once.
    std::uint64_t crashes = 0;
    for (std::uint64_t nth = 1;; nth += 7) {
        const std::string work = fresh_copy();
        if (!crash_in(work, nth, nullptr)) {
            break;
        }
        ++crashes;
        SCOPED_TRACE("before change " + std::to_string(nth));
        finish_and_compare(work);
        if (HasFailure()) {
            break;
        }
    }
    EXPECT_GT(crashes, 20U);
}

TEST_F(CrashTest, TwiceInARow) {
    for (const std::uint64_t nth : {40U, 90U, 140U}) {
        const std::string work = fresh_copy();
        ASSERT_TRUE(crash_in(work, nth, nullptr));
        ASSERT_TRUE(crash_in(work, 20, nullptr));
        SCOPED_TRACE("before change " + std::to_string(nth));
        finish_and_compare(work);
    }
}

TEST_F(CrashTest, AtEachPromise) {
    for (const char* point :
         {"received_before_commit", "received_after_commit", "files_before_directories",
          "files_applied", "removals_before_directories", "applied_before_commit",
          "applied_after_commit"}) {
        const std::string work = fresh_copy();
        if (!crash_in(work, 0, point)) {
            GTEST_SKIP() << "built without crash points";
        }
        SCOPED_TRACE(point);
        finish_and_compare(work);
    }
}

}  // namespace
}  // namespace farshore::secondary
