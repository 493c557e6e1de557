#include "protocol/lag.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include "tests/support/names.hpp"

namespace farshore {
namespace {

using test::app;
using test::uploads;

Duration seconds(double s) {
    return Duration::from_seconds(s);
}

// The world of a test: the primary's clocks say 1000 s (boot) and 5000 s (UTC) when this host's
// say so too; what differs is set by the test.
BootTime boot(double s) {
    return BootTime{} + seconds(s);
}
Timestamp utc(double s) {
    return Timestamp{} + seconds(4'000 + s);
}
PrimaryMoment moment(double s, std::optional<Duration> error = seconds(0.001)) {
    return {boot(s), utc(s), error};
}
MarkMoments mark(std::uint64_t number, double taken, double tree, double database) {
    return {MarkNumber(number), moment(taken), {{uploads, moment(tree)}, {app, moment(database)}}};
}
MarkMoments mark(std::uint64_t number, double taken) {
    return mark(number, taken, taken, taken);
}

LagFacts facts_at(double now, Estimate offset = {}) {
    LagFacts facts;
    facts.now = {utc(now), boot(now), seconds(0.001)};
    facts.primary_offset = offset;
    facts.mark_interval = seconds(1);
    facts.sources = {uploads, app};
    return facts;
}

PeerFacts peer(const char* name, MarkMoments received, MarkMoments applied) {
    PeerFacts facts;
    facts.name = AgentName(name);
    facts.received = received;
    facts.complete = received;
    facts.applied = std::move(applied);
    facts.round_trip = seconds(0.07);
    return facts;
}

TEST(Lag, OnThePrimaryThereIsNoError) {
    LagFacts facts = facts_at(1'000);
    facts.peers = {peer("west", mark(8, 999.2), mark(7, 998.2))};
    const StreamLag lag = compute_lag(facts);
    EXPECT_EQ(lag.proof, LagProof::proven);
    EXPECT_NEAR(*lag.figures.rpo, 0.8, 1e-6);
    EXPECT_NEAR(*lag.figures.complete_rpo, 0.8, 1e-6);
    EXPECT_NEAR(*lag.figures.lag, 1.8, 1e-6);
    EXPECT_EQ(*lag.figures.error, 0);
    EXPECT_NEAR(*lag.floor, 1.07, 1e-6);
    EXPECT_FALSE(lag.clock_fault);
}

TEST(Lag, TheStreamIsAsFarAsTheWorstOfItsSources) {
    LagFacts facts = facts_at(1'000);
    facts.peers = {peer("west", mark(8, 999.2, 999.2, 990), mark(8, 999.2, 980, 999.2))};
    const StreamLag lag = compute_lag(facts);
    EXPECT_NEAR(*lag.figures.rpo, 10, 1e-6);
    EXPECT_NEAR(*lag.figures.lag, 20, 1e-6);
    EXPECT_NEAR(*lag.peers[0].sources[0].figures.rpo, 0.8, 1e-6);
    EXPECT_EQ(lag.proof, LagProof::proven);  // marks do come back; the database is behind
}

TEST(Lag, OnTheSecondaryTheErrorIsInTheFigure) {
    LagFacts facts = facts_at(1'000, {seconds(50), seconds(0.0005)});
    facts.now.boot = boot(950);  // 1000 on the primary
    facts.peers = {peer("west", mark(8, 999.2), mark(8, 999.2))};
    const StreamLag lag = compute_lag(facts);
    EXPECT_NEAR(*lag.figures.rpo, 0.8005, 1e-6);
    EXPECT_NEAR(*lag.figures.error, 0.0005, 1e-9);
    EXPECT_NEAR(*lag.floor, 1.0705, 1e-6);
}

TEST(Lag, TheTighterOfBothClocksCounts) {
    LagFacts facts = facts_at(1'000, {Duration{}, seconds(0.035)});
    facts.peers = {peer("west", mark(8, 999.2), mark(8, 999.2))};
    EXPECT_NEAR(*compute_lag(facts).figures.error, 0.002, 1e-9);  // UTC: 1 ms and 1 ms
    facts.now.utc_error.reset();
    EXPECT_NEAR(*compute_lag(facts).figures.error, 0.035, 1e-9);
}

TEST(Lag, WithSeveralSecondariesTheBestPlacedOneSpeaksForTheStream) {
    LagFacts facts = facts_at(1'000);
    facts.peers = {peer("far", mark(3, 900), mark(3, 900)), peer("none", {}, {}),
                   peer("near", mark(8, 999.5), mark(8, 999.5))};
    facts.peers[1].received.reset();
    const StreamLag lag = compute_lag(facts);
    EXPECT_NEAR(*lag.figures.rpo, 0.5, 1e-6);
    EXPECT_EQ(lag.proof, LagProof::proven);
    EXPECT_EQ(lag.peers[0].proof, LagProof::late);
    EXPECT_NEAR(*lag.peers[0].figures.rpo, 100, 1e-6);
    EXPECT_EQ(lag.peers[1].proof, LagProof::unknown);
    EXPECT_FALSE(lag.peers[1].figures.rpo);
}

TEST(Lag, WhatIsNotKnownIsNullNever0) {
    LagFacts facts = facts_at(1'000);
    EXPECT_EQ(compute_lag(facts).proof, LagProof::unknown);
    EXPECT_FALSE(compute_lag(facts).figures.rpo);

    PeerFacts west;
    west.name = AgentName("west");
    facts.peers = {west};
    StreamLag lag = compute_lag(facts);
    EXPECT_EQ(lag.proof, LagProof::unknown);
    EXPECT_FALSE(lag.figures.rpo || lag.figures.lag || lag.figures.complete_rpo || lag.floor);

    // The first copy of the database is not finished: the stream has no RPO, the tree has one.
    facts.peers = {peer("west", mark(8, 999.2), mark(8, 999.2))};
    facts.peers[0].received->as_of.erase(app);
    lag = compute_lag(facts);
    EXPECT_FALSE(lag.figures.rpo);
    EXPECT_EQ(lag.proof, LagProof::unknown);
    EXPECT_TRUE(lag.peers[0].sources[0].figures.rpo);
    EXPECT_FALSE(lag.peers[0].sources[1].figures.rpo);
}

TEST(Lag, WithoutAnyErrorBoundNothingIsKnown) {
    LagFacts facts = facts_at(1'000);
    facts.primary_offset.reset();
    facts.peers = {peer("west", mark(8, 999.2), mark(8, 999.2))};
    EXPECT_EQ(compute_lag(facts).proof, LagProof::proven);  // by UTC
    facts.now.utc_error.reset();
    const StreamLag lag = compute_lag(facts);
    EXPECT_EQ(lag.proof, LagProof::unknown);
    EXPECT_FALSE(lag.figures.rpo);
}

// FAILURES 52: an idle primary stays at its floor, as marks go round although nothing changes.
TEST(LagFailures, IdleStaysAtTheFloor) {
    for (int i = 0; i < 100; ++i) {
        const double now = 1'000 + i * 0.25;
        const double newest = std::floor(now - 0.07);
        LagFacts facts = facts_at(now);
        facts.peers = {peer("west", mark(8, newest), mark(8, newest))};
        const StreamLag lag = compute_lag(facts);
        EXPECT_LE(*lag.figures.rpo, *lag.floor);
        EXPECT_EQ(lag.proof, LagProof::proven);
    }
}

// FAILURES 53 and 54: the link is cut. The last value does not stay: it grows a second a second,
// on both hosts, and the secondary needs nothing from the primary for it.
TEST(LagFailures, GrowsASecondASecondWhenNothingArrives) {
    ClockOffset offset;
    offset.add({boot(990), boot(990.035), boot(990.035), boot(990.07)});
    double last = 0;
    for (int i = 0; i <= 7'200; i += 600) {
        LagFacts facts = facts_at(1'000 + i);
        facts.now.utc_error.reset();
        facts.primary_offset = offset.at(facts.now.boot);
        facts.peers = {peer("west", mark(8, 999.2), mark(8, 999.2))};
        const StreamLag lag = compute_lag(facts);
        const double drift = (10 + i) * 200e-6 + 0.035;
        EXPECT_NEAR(*lag.figures.rpo, 0.8 + i + drift, 0.001);
        EXPECT_EQ(lag.proof, i == 0 ? LagProof::proven : LagProof::late);
        EXPECT_GT(*lag.figures.rpo, last);
        last = *lag.figures.rpo;
    }
}

// FAILURES 55: skewed by minutes. Never abs(), never clamped: a fault with both readings.
TEST(LagFailures, ClockSkewIsAFault) {
    LagFacts facts = facts_at(1'000);
    facts.primary_offset.reset();  // only UTC is left
    facts.now.utc = utc(1'000 - 300);
    facts.peers = {peer("west", mark(8, 999.2), mark(8, 999.2))};
    StreamLag lag = compute_lag(facts);
    EXPECT_FALSE(lag.figures.rpo);
    EXPECT_EQ(lag.proof, LagProof::unknown);
    ASSERT_TRUE(lag.clock_fault);
    EXPECT_NE(lag.clock_fault->find("-299.200000"), std::string::npos) << *lag.clock_fault;

    // With a session the durations go on; that UTC is wrong is said all the same.
    facts.primary_offset = Estimate{Duration{}, seconds(0.035)};
    lag = compute_lag(facts);
    EXPECT_NEAR(*lag.figures.rpo, 0.835, 1e-6);
    EXPECT_EQ(lag.proof, LagProof::proven);
    ASSERT_TRUE(lag.clock_fault);
    EXPECT_NE(lag.clock_fault->find("0.800000"), std::string::npos) << *lag.clock_fault;
}

TEST(LagFailures, AnIntervalThatReaches0IsNoFault) {
    LagFacts facts = facts_at(1'000, {Duration{}, seconds(0.05)});
    facts.now.utc_error.reset();
    facts.peers = {peer("west", mark(8, 1'000.03), mark(8, 1'000.03))};
    StreamLag lag = compute_lag(facts);
    EXPECT_NEAR(*lag.figures.rpo, 0.02, 1e-6);
    EXPECT_FALSE(lag.clock_fault);
    facts.peers = {peer("west", mark(8, 1'000.06), mark(8, 1'000.06))};
    lag = compute_lag(facts);
    EXPECT_FALSE(lag.figures.rpo);
    EXPECT_TRUE(lag.clock_fault);
}

// FAILURES 56: a step of UTC leaves the durations alone; a pause of the VM is in CLOCK_BOOTTIME.
TEST(LagFailures, AStepOfUtcDoesNotTouchDurations) {
    LagFacts facts = facts_at(1'000);
    facts.now.utc = utc(1'000 + 3'600);
    facts.now.utc_error.reset();
    facts.peers = {peer("west", mark(8, 999.2), mark(8, 999.2))};
    const StreamLag lag = compute_lag(facts);
    EXPECT_NEAR(*lag.figures.rpo, 0.8, 1e-6);
    EXPECT_FALSE(lag.clock_fault);
}

// FAILURES 58: floor and figure are separate; what is shown is never finer than it is.
TEST(LagFailures, FloorIsIntervalRoundTripAndError) {
    LagFacts facts = facts_at(1'000, {Duration{}, seconds(0.01)});
    facts.now.utc_error.reset();
    facts.mark_interval = seconds(5);
    facts.peers = {peer("west", mark(8, 999.8), mark(8, 999.8))};
    const StreamLag lag = compute_lag(facts);
    EXPECT_NEAR(*lag.floor, 5.08, 1e-6);
    EXPECT_NEAR(*lag.figures.rpo, 0.21, 1e-6);
    facts.peers[0].round_trip.reset();
    EXPECT_FALSE(compute_lag(facts).floor);
}

// The primary was booted anew: its old CLOCK_BOOTTIME means nothing, UTC is what is left.
TEST(Lag, AfterARebootUtcCarriesTheAge) {
    LagFacts facts = facts_at(1'000);
    facts.peers = {peer("west", mark(8, 400), mark(8, 400))};
    for (auto& [name, as_of] : facts.peers[0].received->as_of) {
        as_of.boot.reset();
    }
    EXPECT_NEAR(*compute_lag(facts).figures.rpo, 600.002, 1e-6);
}

TEST(Lag, TimesThatCantBeAreNotBelieved) {
    LagFacts facts = facts_at(1'000);
    for (const std::int64_t extreme : {INT64_MIN, INT64_MAX}) {
        facts.peers = {peer("west", mark(8, 999), mark(8, 999))};
        auto& as_of = facts.peers[0].received->as_of[uploads];
        as_of = {BootTime{extreme}, Timestamp{extreme}, Duration{INT64_MAX}};
        const StreamLag lag = compute_lag(facts);
        EXPECT_TRUE(!lag.figures.rpo || *lag.figures.rpo > 1e9);
        as_of.utc_error = Duration{-5};
        as_of.boot.reset();
        EXPECT_FALSE(compute_lag(facts).figures.rpo);
    }
}

}  // namespace
}  // namespace farshore
