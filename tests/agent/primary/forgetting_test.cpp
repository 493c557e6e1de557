#include "agent/primary/forgetting.hpp"

#include <gtest/gtest.h>

#include "storage/state/cut_commit.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

using test::west;
const AgentName south("app-south");
using test::uploads;

storage::PeerStanding holds(std::uint64_t received, std::uint64_t applied, std::uint64_t mark) {
    return {.received_cut = CutNumber(received),
            .applied_cut = CutNumber(applied),
            .received_mark = MarkNumber(mark)};
}

storage::ChainStanding published(std::uint64_t mark, std::uint64_t cut) {
    storage::ChainStanding standing;
    standing.last_mark = MarkNumber(mark);
    standing.last_cut = CutNumber(cut);
    return standing;
}

TEST(Forgettable, TheSlowestSecondaryAndTheManifestsDecide) {
    const auto what =
        forgettable({{west, holds(90, 80, 40)}, {south, holds(50, 30, 60)}}, published(55, 70));
    EXPECT_EQ(what.marks, MarkNumber(39));
    EXPECT_EQ(what.identities, CutNumber(49));
    EXPECT_EQ(what.tombstones, CutNumber(30));
    const auto behind = forgettable({{west, holds(90, 80, 40)}}, published(7, 9));
    EXPECT_EQ(behind.marks, MarkNumber(7));
    EXPECT_EQ(behind.identities, CutNumber(9));
    EXPECT_EQ(behind.tombstones, CutNumber(9));
}

TEST(Forgettable, WhoHoldsNothingYetHoldsEverything) {
    const auto what = forgettable({{west, holds(0, 0, 0)}}, published(55, 70));
    EXPECT_EQ(what.marks, MarkNumber(0));
    EXPECT_EQ(what.tombstones, CutNumber(0));
}

class ForgettingTest : public testing::Test {
  protected:
    // One cut, a mark too: a path comes and the one before it goes.
    void cut() {
        storage::CutCommit commit(state_);
        const std::uint64_t number = commit.cut().value();
        storage::CapturedEntry entry;
        entry.entry.path = std::to_string(number);
        entry.entry.type = EntryType::fifo;
        commit.put(uploads, entry);
        (void)commit.remove(uploads, std::to_string(number - 1));
        commit.seal(true, "envelope");
        commit.commit();
    }

    [[nodiscard]] std::int64_t rows(const char* query) {
        storage::Statement ask(state_.database(), query);
        ask.step();
        return ask.integer(0);
    }
    [[nodiscard]] std::int64_t all_rows() {
        return rows(
            "SELECT (SELECT count(*) FROM marks) + (SELECT count(*) FROM entries) + "
            "(SELECT count(*) FROM cut_identities)");
    }

    test::TemporaryDirectory directory_;
    storage::PrimaryState state_{directory_ / "state.db"};
};

TEST_F(ForgettingTest, AStateThatChangesForEverStaysSmall) {
    Forgetting forgetting(directory_ / "state.db", {west});
    std::int64_t most = 0;
    for (std::uint64_t i = 1; i <= 400; ++i) {
        cut();
        if (i % 10 == 0) {
            forgetting.forget({{west, holds(i, i, i)}}, published(i, i));
            most = std::max(most, all_rows());
        }
    }
    EXPECT_LE(most, 10);
    EXPECT_EQ(rows("SELECT count(*) FROM entries WHERE type <> 7"), 1);
}

TEST_F(ForgettingTest, ASecondaryOfTheConfigThatIsAwayHoldsBackWhatItNeeds) {
    {
        Forgetting forgetting(directory_ / "state.db", {west, south});
        for (int i = 1; i <= 20; ++i) {
            cut();
        }
        forgetting.forget({{west, holds(20, 20, 20)}, {south, holds(5, 5, 5)}}, published(20, 20));
    }
    EXPECT_EQ(rows("SELECT min(mark) FROM marks"), 5);
    EXPECT_EQ(rows("SELECT min(cut) FROM cut_identities"), 5);
    EXPECT_EQ(rows("SELECT min(cut) FROM entries WHERE type = 7"), 6);
    // After a restart, before it was seen again.
    Forgetting again(directory_ / "state.db", {west, south});
    again.forget({{west, holds(20, 20, 20)}}, published(20, 20));
    EXPECT_EQ(rows("SELECT min(mark) FROM marks"), 5);
    // Out of the config: what it once held holds nothing back.
    Forgetting without(directory_ / "state.db", {west});
    without.forget({{west, holds(20, 20, 20)}}, published(20, 20));
    EXPECT_EQ(rows("SELECT min(mark) FROM marks"), 20);
    EXPECT_EQ(rows("SELECT count(*) FROM entries WHERE type = 7"), 0);
}

TEST_F(ForgettingTest, ASecondaryThatWasNeverThereHoldsNothingBack) {
    Forgetting forgetting(directory_ / "state.db", {west, south});
    for (int i = 1; i <= 20; ++i) {
        cut();
    }
    forgetting.forget({{west, holds(20, 20, 20)}}, published(20, 20));
    EXPECT_EQ(rows("SELECT min(mark) FROM marks"), 20);
}

// The fault: before anybody had come the newest cut's identity was forgotten, and could not be told
// to the first one who came.
TEST_F(ForgettingTest, TheNewestCutCanAlwaysBeTold) {
    Forgetting forgetting(directory_ / "state.db", {west});
    cut();
    cut();
    forgetting.forget({}, published(2, 2));
    EXPECT_TRUE(state_.cut_identity(CutNumber(2)).has_value());
    EXPECT_EQ(rows("SELECT count(*) FROM cut_identities"), 1);
    EXPECT_EQ(state_.newest_mark()->mark, MarkNumber(2));
}

TEST_F(ForgettingTest, WhatIsInNoManifestStays) {
    Forgetting forgetting(directory_ / "state.db", {west});
    for (int i = 1; i <= 20; ++i) {
        cut();
    }
    forgetting.forget({{west, holds(20, 20, 20)}}, published(7, 7));
    EXPECT_EQ(rows("SELECT min(mark) FROM marks"), 8);
    EXPECT_EQ(rows("SELECT min(cut) FROM entries WHERE type = 7"), 8);
}

TEST_F(ForgettingTest, WhatASecondaryOnceHeldIsRememberedWhenItHoldsLess) {
    Forgetting forgetting(directory_ / "state.db", {west});
    cut();
    forgetting.forget({{west, holds(9, 9, 9)}}, published(1, 1));
    forgetting.forget({{west, holds(4, 4, 4)}}, published(1, 1));
    EXPECT_EQ(state_.peer(west)->received_cut, CutNumber(9));
}

}  // namespace
}  // namespace farshore::primary
