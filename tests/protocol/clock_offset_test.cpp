#include "protocol/clock_offset.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace farshore {
namespace {

constexpr std::int64_t ms = 1'000'000;

BootTime at(std::int64_t nanoseconds) {
    return {nanoseconds};
}

// An exchange at our `start`, of a peer whose clock is `offset` ahead; each leg and the answering
// take so long.
ClockExchange exchange(std::int64_t start, std::int64_t offset, std::int64_t there,
                       std::int64_t answering, std::int64_t back) {
    const std::int64_t received = start + there + offset;
    return {at(start), at(received), at(received + answering),
            at(start + there + answering + back)};
}

std::int64_t distance(Duration a, std::int64_t b) {
    return std::abs(a.nanoseconds - b);
}

TEST(ClockOffset, NothingIsKnownBeforeTheFirstExchange) {
    const ClockOffset offset;
    EXPECT_FALSE(offset.at(at(5)));
    EXPECT_FALSE(offset.round_trip());
}

TEST(ClockOffset, SymmetricLegsGiveTheOffset) {
    ClockOffset offset;
    ASSERT_TRUE(offset.add(exchange(1'000 * ms, 77 * ms, 35 * ms, 2 * ms, 35 * ms)));
    const Estimate estimate = *offset.at(at(1'072 * ms));
    EXPECT_LT(distance(estimate.value, 77 * ms), 2);
    EXPECT_NEAR(estimate.error.seconds(), 0.035, 1e-6);
    EXPECT_EQ(offset.round_trip()->nanoseconds, 70 * ms);
}

TEST(ClockOffset, TheBestRoundTripIsKeptUntilDriftHasEatenItsWorth) {
    ClockOffset offset;
    ASSERT_TRUE(offset.add(exchange(0, 0, 1 * ms, 0, 1 * ms)));
    ASSERT_TRUE(offset.add(exchange(1'000 * ms, 0, 50 * ms, 0, 10 * ms)));
    // 1 ms and 200 ppm of 2 s, not the 30 ms of the worse exchange.
    EXPECT_NEAR(offset.at(at(2'000 * ms))->error.seconds(), 0.0014, 0.0001);
    ASSERT_TRUE(offset.add(exchange(1'000'000 * ms, 0, 50 * ms, 0, 50 * ms)));
    EXPECT_NEAR(offset.at(at(1'000'100 * ms))->error.seconds(), 0.050, 0.0001);
}

TEST(ClockOffset, CarriedOnWithoutExchangesTheErrorGrowsByTheDrift) {
    ClockOffset offset;
    ASSERT_TRUE(offset.add(exchange(0, 5 * ms, 1 * ms, 0, 1 * ms)));
    const Duration before = offset.at(at(2 * ms))->error;
    const Duration day = offset.at(at(86'400'000 * ms))->error;
    EXPECT_NEAR((day - before).seconds(), 86'400 * 200e-6, 0.001);
    EXPECT_LT(distance(offset.at(at(86'400'000 * ms))->value, 5 * ms), 2);
}

TEST(ClockOffset, ASteppedOrPausedClockIsNoticedAndTheNewExchangeBelieved) {
    ClockOffset offset;
    ASSERT_TRUE(offset.add(exchange(0, 0, 1 * ms, 0, 1 * ms)));
    ASSERT_TRUE(offset.add(exchange(1'000 * ms, -9'000 * ms + 20'000 * ms, 30 * ms, 0, 30 * ms)));
    EXPECT_EQ(offset.contradictions(), 1U);
    EXPECT_LT(distance(offset.at(at(1'060 * ms))->value, 11'000 * ms), 2);
}

TEST(ClockOffset, ExchangesThatNoTwoClocksCouldGiveAreRefused) {
    ClockOffset offset;
    EXPECT_FALSE(offset.add({at(10), at(0), at(0), at(5)}));   // back before asked
    EXPECT_FALSE(offset.add({at(0), at(9), at(5), at(20)}));   // answered before received
    EXPECT_FALSE(offset.add({at(0), at(0), at(30), at(20)}));  // longer there than here
    EXPECT_FALSE(offset.add({at(0), at(INT64_MIN), at(5), at(20)}));
    EXPECT_FALSE(offset.add({at(0), at(INT64_MAX), at(INT64_MAX), at(20)}));
    EXPECT_FALSE(offset.at(at(0)));
}

// Whatever the legs, the truth is within the estimate, also after drift.
TEST(ClockOffset, TheTruthLiesWithinTheEstimate) {
    for (unsigned seed = 0; seed < 500; ++seed) {
        std::mt19937_64 engine(seed);
        const auto pick = [&engine](std::int64_t from, std::int64_t to) {
            return std::uniform_int_distribution<std::int64_t>(from, to)(engine);
        };
        ClockOffset offset;
        const std::int64_t base = pick(0, 1'000'000 * ms);
        const std::int64_t ppm = pick(-190, 190);
        std::int64_t now = 10 * ms;
        const auto truth = [&](std::int64_t t) { return base + t / 1'000'000 * ppm; };
        for (int i = 0; i < 30; ++i) {
            now += pick(1, 60'000) * ms;
            const std::int64_t there = pick(0, 200 * ms);
            const std::int64_t answering = pick(0, 20 * ms);
            const std::int64_t back = pick(0, 200 * ms);
            const std::int64_t middle = now + there;
            const std::int64_t received = middle + truth(middle);
            const std::int64_t answered = middle + answering + truth(middle + answering);
            ASSERT_TRUE(offset.add(
                {at(now), at(received), at(answered), at(now + there + answering + back)}));
            now += there + answering + back;
            const std::int64_t asked = now + pick(0, 10'000) * ms;
            const Estimate estimate = *offset.at(at(asked));
            EXPECT_LE(distance(estimate.value, truth(asked)), estimate.error.nanoseconds + 400)
                << "seed " << seed;
        }
        EXPECT_EQ(offset.contradictions(), 0U) << "seed " << seed;
    }
}

TEST(UtcOffset, IsMeasuredAtOneMoment) {
    const Estimate offset{{500 * ms}, {2 * ms}};
    // The peer read 1000.7 s of UTC at 1.7 s of its clock, that is at 1.2 s of ours; we read
    // 1001.0 s at 2.0 s of ours: 0.8 s later, so the peer would read 1001.5 s.
    const auto utc =
        utc_offset(offset, {1'000'700 * ms}, at(1'700 * ms), {1'001'000 * ms}, at(2'000 * ms));
    ASSERT_TRUE(utc);
    EXPECT_EQ(utc->value.nanoseconds, 500 * ms);
    EXPECT_EQ(utc->error.nanoseconds, 2 * ms);
    EXPECT_FALSE(utc_offset(offset, {INT64_MIN}, at(0), {0}, at(0)));
    EXPECT_FALSE(utc_offset(offset, {0}, at(INT64_MIN), {0}, at(0)));
}

TEST(UtcOffset, ContradictsOnlyWhatTheClocksClaim) {
    const Estimate minutes{{120'000 * ms}, {1 * ms}};
    EXPECT_TRUE(utc_contradicts(minutes, Duration::from_ms(2), Duration::from_ms(3)));
    EXPECT_FALSE(utc_contradicts(minutes, std::nullopt, Duration::from_ms(3)));
    EXPECT_FALSE(utc_contradicts(minutes, Duration::from_ms(2), std::nullopt));
    EXPECT_FALSE(utc_contradicts(minutes, Duration::from_ms(2), Duration::from_ms(120'000)));
    EXPECT_TRUE(utc_contradicts({{-7 * ms}, {1 * ms}}, Duration::from_ms(2), Duration::from_ms(3)));
}

}  // namespace
}  // namespace farshore
