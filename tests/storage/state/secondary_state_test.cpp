#include "storage/state/secondary_state.hpp"

#include <gtest/gtest.h>

#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

using test::uploads;
const SourceName database("app");
const WitnessedTime noon{{1'000}, Duration{5}};
const WitnessedTime later{{2'000}, std::nullopt};

ArrivedMark mark(std::uint64_t number) {
    const std::string envelope = "envelope " + std::to_string(number);
    return {MarkNumber(number), envelope, sha256(envelope)};
}

ReceivedCut cut(std::uint64_t number, std::uint64_t base) {
    ReceivedCut cut;
    cut.cut = CutNumber(number);
    cut.base = CutNumber(base);
    cut.as_of = {{uploads, BootTime{static_cast<std::int64_t>(number)}}};
    cut.primary_boot_id = "boot of primary";
    return cut;
}

class SecondaryStateTest : public testing::Test {
  protected:
    test::TemporaryDirectory directory_;
    std::string path_ = directory_ / "state.db";
};

TEST_F(SecondaryStateTest, BeginsWithNothing) {
    SecondaryState state(path_);
    const SecondaryStanding standing = state.standing();
    EXPECT_TRUE(standing.received_cut.is_zero());
    EXPECT_TRUE(standing.applied_cut.is_zero());
    EXPECT_FALSE(standing.received_mark_digest.has_value());
    EXPECT_FALSE(state.next_to_apply().has_value());
    EXPECT_TRUE(state.databases().empty());
    EXPECT_FALSE(state.known_root(uploads).has_value());
}

TEST_F(SecondaryStateTest, ReceivedThenAppliedInOrderAcrossARestart) {
    {
        SecondaryState state(path_);
        state.enter_epoch(Epoch(1));
        state.set_database(database, {true, Lsn(10), "sys", 1, Lsn(25)}, {1, 100});
        ReceivedCut third = cut(3, 0);
        third.marks = {mark(1), mark(2)};
        third.is_mark = true;
        third.databases = {{database, {Lsn(30), {1, 300}}}};
        state.commit_received(third, noon);
        ReceivedCut fifth = cut(5, 3);
        fifth.marks = {mark(3)};
        state.commit_received(fifth, noon);
    }
    SecondaryState state(path_);
    EXPECT_EQ(state.standing().received_cut, CutNumber(5));
    EXPECT_EQ(state.standing().received_mark, MarkNumber(3));
    EXPECT_EQ(state.standing().received_mark_digest, mark(3).digest);
    EXPECT_EQ(state.standing().received_as_of, cut(5, 3).as_of);
    EXPECT_EQ(state.databases().at(database).standing.received, Lsn(30));
    EXPECT_EQ(state.databases().at(database).applied.lsn, Lsn(10));
    EXPECT_EQ(state.databases().at(database).standing.whole_from, Lsn(25));
    state.set_timeline(database, 4);
    EXPECT_EQ(state.databases().at(database).standing.timeline, 4U);

    const auto next = state.next_to_apply();
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->cut, CutNumber(3));
    EXPECT_TRUE(next->is_mark);
    EXPECT_EQ(next->marks.size(), 2U);
    EXPECT_EQ(next->databases.at(database).spool_end, (SpoolPosition{1, 300}));
    state.commit_applied(CutNumber(3), later, {{uploads, sha256("tree")}});
    EXPECT_EQ(state.standing().applied_cut, CutNumber(3));
    EXPECT_EQ(state.standing().applied_mark, MarkNumber(2));
    EXPECT_EQ(state.standing().applied_as_of, cut(3, 0).as_of);
    EXPECT_EQ(state.databases().at(database).applied.lsn, Lsn(30));
    EXPECT_EQ(state.databases().at(database).applied.spool_end, (SpoolPosition{1, 300}));
    EXPECT_EQ(state.next_to_apply()->cut, CutNumber(5));
}

// What was left out of a cut: its marks are never applied ones, and the primary is not told so.
TEST_F(SecondaryStateTest, ACutThatIsAppliedWithoutAClaim) {
    SecondaryState state(path_);
    for (std::uint64_t number = 1; number <= 4; ++number) {
        ReceivedCut one = cut(number, number - 1);
        one.marks = {mark(number)};
        one.is_mark = true;
        state.commit_received(one, noon);
    }
    state.commit_applied(CutNumber(1), later, {});
    EXPECT_EQ(state.standing().claimed_cut, CutNumber(1));
    state.commit_applied(CutNumber(2), later, {}, {}, AppliedClaim::nothing);
    state.commit_applied(CutNumber(3), later, {}, {}, AppliedClaim::nothing);
    EXPECT_EQ(state.standing().applied_cut, CutNumber(3));
    EXPECT_EQ(state.standing().claimed_cut, CutNumber(1));
    EXPECT_EQ(state.standing().applied_mark, MarkNumber(1));
    EXPECT_EQ(state.standing().applied_as_of, cut(1, 0).as_of);
    EXPECT_EQ(state.marks_applied_after(MarkNumber(0), 10).size(), 1U);
    state.commit_applied(CutNumber(4), later, {});
    EXPECT_EQ(state.standing().claimed_cut, CutNumber(4));
    EXPECT_EQ(state.standing().applied_mark, MarkNumber(4));
    EXPECT_EQ(state.marks_applied_after(MarkNumber(0), 10).size(), 2U);
}

TEST_F(SecondaryStateTest, MarksAreThereForTheReceipts) {
    SecondaryState state(path_);
    ReceivedCut first = cut(1, 0);
    first.marks = {mark(1), mark(2)};
    first.is_mark = true;
    state.commit_received(first, noon);
    state.commit_received(cut(2, 1), noon);
    ASSERT_EQ(state.marks_received_after(MarkNumber(0), 10).size(), 2U);
    EXPECT_EQ(state.marks_received_after(MarkNumber(0), 1).size(), 1U);
    EXPECT_TRUE(state.marks_applied_after(MarkNumber(0), 10).empty());
    state.commit_applied(CutNumber(1), later, {{uploads, sha256("tree")}});
    const auto applied = state.marks_applied_after(MarkNumber(0), 10);
    ASSERT_EQ(applied.size(), 2U);
    EXPECT_TRUE(applied[0].sources.empty());  // passed on the way
    EXPECT_EQ(applied[1].sources.at(uploads), sha256("tree"));
    EXPECT_EQ(applied[1].envelope, "envelope 2");
    EXPECT_EQ(applied[1].received.at.nanoseconds, 1'000);
    EXPECT_EQ(applied[1].received.clock_error, Duration{5});
    EXPECT_EQ(applied[1].applied->at.nanoseconds, 2'000);
    EXPECT_FALSE(applied[1].applied->clock_error.has_value());
    state.forget_marks_up_to(MarkNumber(1));
    EXPECT_EQ(state.marks_received_after(MarkNumber(0), 10).size(), 1U);
    EXPECT_EQ(state.standing().received_mark, MarkNumber(2));
}

TEST_F(SecondaryStateTest, ACutOfAnUnknownDatabaseIsRefusedWhole) {
    SecondaryState state(path_);
    ReceivedCut bad = cut(1, 0);
    bad.databases = {{database, {Lsn(1), {}}}};
    EXPECT_THROW(state.commit_received(bad, noon), Error);
    EXPECT_TRUE(state.standing().received_cut.is_zero());
    EXPECT_FALSE(state.next_to_apply().has_value());
    state.commit_received(cut(1, 0), noon);
}

TEST_F(SecondaryStateTest, ACutWithUnsettledPathsIsNotApplied) {
    SecondaryState state(path_);
    FileEntry entry;
    entry.path = ".";
    entry.type = EntryType::directory;
    state.index().add_incoming(CutNumber(1), uploads, std::span(&entry, 1));
    state.commit_received(cut(1, 0), noon);
    EXPECT_THROW(state.commit_applied(CutNumber(1), later, {}), Error);
    EXPECT_TRUE(state.standing().applied_cut.is_zero());
    const SecondaryIndex::Settled settled{entry, {}};
    state.index().settle(CutNumber(1), uploads, std::span(&settled, 1));
    state.commit_applied(CutNumber(1), later, {});
    EXPECT_EQ(state.standing().applied_cut, CutNumber(1));
}

TEST_F(SecondaryStateTest, EpochsOnlyRise) {
    SecondaryState state(path_);
    state.enter_epoch(Epoch(2));
    ReceivedCut first = cut(9, 0);
    first.marks = {mark(7)};
    state.commit_received(first, noon);
    EXPECT_THROW(state.enter_epoch(Epoch(3)), Error);  // something is not applied yet
    state.commit_applied(CutNumber(9), later, {});
    state.enter_epoch(Epoch(3));
    EXPECT_TRUE(state.standing().received_cut.is_zero());
    EXPECT_FALSE(state.standing().received_mark_digest.has_value());
    EXPECT_THROW(state.enter_epoch(Epoch(2)), Error);
    first.marks = {mark(1)};
    state.commit_received(first, noon);
}

TEST_F(SecondaryStateTest, SmallThingsAreRemembered) {
    SecondaryState state(path_);
    state.remember_root(uploads, {"id", 1, 2});
    state.set_fact("note", std::string("\0x", 2));
    SecondaryState other(path_);
    EXPECT_EQ(other.known_root(uploads), (KnownRoot{"id", 1, 2}));
    EXPECT_EQ(other.fact("note"), std::string("\0x", 2));
    EXPECT_FALSE(other.fact("epoch").has_value());
}

}  // namespace
}  // namespace farshore::storage
