#include "storage/state/told_marks.hpp"

#include <gtest/gtest.h>

#include "storage/state/secondary_state.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

ArrivedMark told(std::uint64_t number) {
    const std::string envelope = "envelope " + std::to_string(number);
    return {MarkNumber(number), envelope, sha256(envelope)};
}

ReceivedCut cut_of_marks(std::uint64_t number) {
    ReceivedCut cut;
    cut.cut = CutNumber(number);
    cut.base = CutNumber(number - 1);
    return cut;
}

// A week away is 604,800 marks in one cut.
TEST(ToldMarks, WaitOnDiskForTheirCut) {
    const test::TemporaryDirectory directory;
    const std::string path = directory / "state.db";
    const SourceName tree("uploads");
    const WitnessedTime when{Timestamp{1'000}, Duration{5}};
    SecondaryState state(path);
    state.told_marks().tell(told(1));
    state.told_marks().forget();
    for (std::uint64_t number = 2; number <= 4; ++number) {
        state.told_marks().tell(told(number));
    }
    EXPECT_TRUE(state.marks_received_after(MarkNumber(0), 10).empty());
    ReceivedCut first = cut_of_marks(1);
    first.is_mark = true;
    ReceivedCut bad = first;
    bad.databases[SourceName("never-copied")] = {};
    EXPECT_THROW(state.commit_received(bad, when), Error);
    EXPECT_TRUE(state.standing().received_mark.is_zero());
    state.commit_received(first, when);
    EXPECT_EQ(state.standing().received_mark, MarkNumber(4));
    EXPECT_EQ(state.standing().received_mark_digest, told(4).digest);
    EXPECT_EQ(state.next_to_apply()->marks.size(), 2U);
    state.commit_received(cut_of_marks(2), when);  // they are of the first one only
    state.commit_applied(CutNumber(1), when, {{tree, sha256("tree")}});
    const auto applied = SecondaryState(path).marks_applied_after(MarkNumber(0), 10);
    ASSERT_EQ(applied.size(), 3U);
    EXPECT_EQ(applied[0].mark, MarkNumber(2));
    EXPECT_TRUE(applied[1].sources.empty());
    EXPECT_EQ(applied[2].sources.at(tree), sha256("tree"));
    EXPECT_EQ(applied[2].envelope, "envelope 4");
    EXPECT_EQ(applied[2].received.at.nanoseconds, 1'000);
    EXPECT_EQ(applied[2].received.clock_error, Duration{5});
}

}  // namespace
}  // namespace farshore::storage
