#include "storage/state/cut_commit.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/tree_digest.hpp"
#include "tests/support/names.hpp"
#include "tests/support/sqlite_steps.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

using test::uploads;

CapturedEntry captured(const std::string& path, const std::string& content) {
    CapturedEntry row;
    row.entry.path = path;
    row.entry.size = content.size();
    row.entry.sha256 = sha256(content);
    return row;
}

TEST(CutCommit, TotalsFollowEveryChange) {
    const test::TemporaryDirectory directory;
    PrimaryState state(directory / "state.db");
    {
        CutCommit commit(state);
        commit.put(uploads, captured("a", "one"));
        commit.put(uploads, captured("b", "three"));
        commit.put(uploads, captured("b", "four"));
        EXPECT_EQ(commit.totals(uploads).entries, 2U);
        EXPECT_EQ(commit.totals(uploads).bytes, 7U);
        commit.commit();
    }
    {
        CutCommit commit(state);
        commit.remove(uploads, "a");
        commit.put(uploads, captured("c", ""));
        commit.commit();
    }
    const auto totals = state.tree(uploads).totals;
    EXPECT_EQ(totals.entries, 2U);
    EXPECT_EQ(totals.bytes, 4U);
    TreeDigest expected;
    state.walk(uploads, "", [&](const CapturedEntry& row) {
        expected.add(entry_digest(row.entry));
        return true;
    });
    EXPECT_EQ(totals.digest, expected.value());
}

TEST(CutCommit, WhatIsNotCommittedNeverWas) {
    const test::TemporaryDirectory directory;
    PrimaryState state(directory / "state.db");
    {
        CutCommit commit(state);
        EXPECT_EQ(commit.cut(), CutNumber(1));
        commit.put(uploads, captured("a", "one"));
        commit.seal(true, "mark");
    }
    EXPECT_EQ(state.standing().cut, CutNumber(0));
    EXPECT_EQ(state.tree(uploads).totals.entries, 0U);
    EXPECT_FALSE(state.newest_mark().has_value());
    EXPECT_EQ(CutCommit(state).cut(), CutNumber(1));
}

TEST(CutCommit, AnEntryBearsTheMarkItFirstAppearsIn) {
    const test::TemporaryDirectory directory;
    PrimaryState state(directory / "state.db");
    for (const bool seals : {false, true, false}) {
        CutCommit commit(state);
        commit.put(uploads, captured("in cut " + std::to_string(commit.cut().value()), "x"));
        if (seals) {
            commit.seal(true, "mark");
        }
        commit.commit();
    }
    EXPECT_EQ(state.find(uploads, "in cut 1")->entry.mark, MarkNumber(1));
    EXPECT_EQ(state.find(uploads, "in cut 2")->entry.mark, MarkNumber(1));
    EXPECT_EQ(state.find(uploads, "in cut 3")->entry.mark, MarkNumber(2));
}

TEST(CutCommit, ARefreshIsNoChange) {
    const test::TemporaryDirectory directory;
    PrimaryState state(directory / "state.db");
    {
        CutCommit commit(state);
        commit.put(uploads, captured("a", "one"));
        commit.commit();
    }
    CutCommit commit(state);
    StatIdentity identity;
    identity.inode = 99;
    commit.refresh(uploads, "a", identity);
    commit.commit();
    EXPECT_EQ(state.find(uploads, "a")->identity, identity);
    EXPECT_EQ(state.find(uploads, "a")->cut, CutNumber(1));
}

// A child commits and says each number once it is durable; killed at any moment, no number that it
// said is given out again, and the index is of exactly one cut.
TEST(CutCommit, NumbersAreNeverReusedAfterAKill) {
    const test::TemporaryDirectory directory;
    std::uint64_t said = 0;
    for (int round = 0; round < 5; ++round) {
        int pipe_ends[2];
        ASSERT_EQ(::pipe(pipe_ends), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            PrimaryState state(directory / "state.db");
            for (;;) {
                CutCommit commit(state);
                commit.put(uploads, captured("newest", std::to_string(commit.cut().value())));
                commit.seal(true, std::to_string(commit.cut().value()));
                const std::uint64_t number = commit.cut().value();
                commit.commit();
                if (::write(pipe_ends[1], &number, sizeof number) != sizeof number) {
                    ::_exit(1);
                }
            }
        }
        ::close(pipe_ends[1]);
        std::uint64_t number = 0;
        for (int i = 0; i < 7 + round; ++i) {
            ASSERT_EQ(::read(pipe_ends[0], &number, sizeof number),
                      static_cast<ssize_t>(sizeof number));
            ASSERT_GT(number, said);
            said = number;
        }
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) {
            ASSERT_GT(number, said);
            said = number;
        }
        ::close(pipe_ends[0]);
        PrimaryState state(directory / "state.db");
        const CutStanding standing = state.standing();
        EXPECT_GE(standing.cut.value(), said);
        EXPECT_EQ(standing.mark.value(), standing.cut.value());
        EXPECT_EQ(state.newest_mark()->envelope, std::to_string(standing.cut.value()));
        EXPECT_EQ(state.find(uploads, "newest")->entry.sha256,
                  sha256(std::to_string(standing.cut.value())));
    }
}

// Between two marks there are many cuts, and transactions without number.
TEST(CutCommit, OnlyNewTransactionsAreWrittenWithACut) {
    const test::TemporaryDirectory directory;
    PrimaryState state(directory / "state.db");
    const SourceName app("app");
    std::vector<StoredTransaction> unmarked;
    const auto cut = [&](std::uint64_t lsn, const std::string& system) {
        CutCommit commit(state);
        const test::SqliteSteps steps(state.database());
        commit.set_database(app, {.system = system, .lsn = Lsn(lsn)}, unmarked);
        const std::uint64_t count = steps.count();
        commit.commit();
        return count;
    };
    const auto kept = [&] {
        std::vector<Lsn> ends;
        for (const StoredTransaction& transaction : state.unmarked_transactions(app)) {
            ends.push_back(transaction.commit_end);
        }
        return ends;
    };
    for (std::uint64_t end = 1; end <= 2000; ++end) {
        unmarked.push_back({Lsn(end), sha256(std::to_string(end))});
    }
    (void)cut(2000, "one");
    unmarked.push_back({Lsn(2001), sha256("new")});
    EXPECT_LT(cut(2001, "one"), 500U);
    EXPECT_EQ(kept().size(), 2001U);
    EXPECT_EQ(state.unmarked_transactions(app).back().sha256, sha256("new"));
    // A mark has described the first of them, another log has nothing to do with any.
    unmarked.erase(unmarked.begin(), unmarked.end() - 2);
    (void)cut(2001, "one");
    EXPECT_EQ(kept(), (std::vector<Lsn>{Lsn(2000), Lsn(2001)}));
    unmarked = {{Lsn(2000), sha256("another")}};
    (void)cut(2500, "two");
    EXPECT_EQ(kept(), std::vector<Lsn>{Lsn(2000)});
    EXPECT_EQ(state.unmarked_transactions(app).back().sha256, sha256("another"));
    unmarked.clear();
    (void)cut(2500, "two");
    EXPECT_TRUE(kept().empty());
}

}  // namespace
}  // namespace farshore::storage
