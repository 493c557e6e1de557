#include "agent/history/minute_series.hpp"

#include <gtest/gtest.h>

namespace farshore::history {
namespace {

constexpr std::int64_t second = 1'000'000'000;

Timestamp at(double seconds) {
    return {static_cast<std::int64_t>(seconds * static_cast<double>(second))};
}
Duration lasting(double seconds) {
    return Duration::from_seconds(seconds);
}

Arrival arrival(double when, std::uint64_t mark, double as_of) {
    return {at(when), Epoch(1), MarkNumber(mark), at(as_of), lasting(0.25), {}, {}};
}

Source<Arrival> each(std::vector<Arrival> all) {
    return [all = std::move(all), i = std::size_t{0}]() mutable {
        return i < all.size() ? std::optional(all[i++]) : std::nullopt;
    };
}

TEST(FigureAt, TheErrorIsInTheFigure) {
    const auto figure = figure_at(at(10), arrival(5, 1, 4));
    ASSERT_TRUE(figure);
    EXPECT_EQ(figure->value, lasting(6.25));
    EXPECT_EQ(figure->error, lasting(0.25));
}

TEST(FigureAt, TheTighterBoundCounts) {
    Arrival by_session = arrival(5, 1, 4);
    by_session.offset = lasting(-2);
    by_session.offset_error = lasting(0.125);
    EXPECT_EQ(figure_at(at(10), by_session)->value, lasting(4.125));
    by_session.offset_error = lasting(0.5);
    EXPECT_EQ(figure_at(at(10), by_session)->value, lasting(6.25));
    by_session.utc_error.reset();
    EXPECT_EQ(figure_at(at(10), by_session)->value, lasting(4.5));
}

TEST(FigureAt, WhatIsNotKnownIsNull) {
    EXPECT_FALSE(figure_at(at(10), std::nullopt));
    Arrival unbounded = arrival(5, 1, 4);
    unbounded.utc_error.reset();
    EXPECT_FALSE(figure_at(at(10), unbounded));
    Arrival copying = arrival(5, 1, 4);
    copying.as_of.reset();
    EXPECT_FALSE(figure_at(at(10), copying));
}

// By hand: as_of 0 at second 1, then as_of 30 at second 31, and nothing after it. Just before the
// second arrival 31 s had passed, at the minute's end 30; of the next minute the end counts, 90.
TEST(WorstOfMinutes, AMinuteIsToldByItsWorstMoment) {
    WorstOfMinutes worst(each({arrival(-1, 1, -2), arrival(1, 2, 0), arrival(31, 3, 30)}));
    EXPECT_EQ(worst.next(at(0), at(60))->value, lasting(31.25));
    EXPECT_EQ(worst.next(at(60), at(120))->value, lasting(90.25));
    EXPECT_EQ(worst.next(at(120), at(150))->value, lasting(120.25));
}

TEST(WorstOfMinutes, AMinuteThatIsNotKnownThroughoutIsNotProven) {
    WorstOfMinutes worst(each({arrival(61, 1, 60)}));
    EXPECT_FALSE(worst.next(at(0), at(60)));
    EXPECT_FALSE(worst.next(at(60), at(120)));  // its first second
    EXPECT_TRUE(worst.next(at(120), at(180)));
}

TEST(WorstOfMinutes, AnOlderMarkOfASlowerSecondaryChangesNothing) {
    WorstOfMinutes worst(each({arrival(0, 5, 0), arrival(10, 4, -1)}));
    EXPECT_EQ(worst.next(at(0), at(60))->value, lasting(60.25));
}

TEST(WorstOfMinutes, AnEpochWithoutItsCopyIsNotProven) {
    Arrival next = arrival(30, 1, 0);
    next.epoch = Epoch(2);
    next.as_of.reset();
    WorstOfMinutes worst(each({arrival(0, 900, 0), next}));
    EXPECT_FALSE(worst.next(at(0), at(60)));
}

TEST(ObjectiveOfMinutes, AMinuteKeepsTheObjectiveThatWasInForce) {
    ObjectiveOfMinutes objective({{at(70), lasting(30)}, {at(200), lasting(300)}});
    EXPECT_FALSE(objective.next(at(0), at(60)));
    EXPECT_EQ(objective.next(at(60), at(120)), lasting(30));
    EXPECT_EQ(objective.next(at(120), at(180)), lasting(30));
    // Loosened within the minute: the stricter one counts in it, and in none before.
    EXPECT_EQ(objective.next(at(180), at(240)), lasting(30));
    EXPECT_EQ(objective.next(at(240), at(300)), lasting(300));
}

}  // namespace
}  // namespace farshore::history
