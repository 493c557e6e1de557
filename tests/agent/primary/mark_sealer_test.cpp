#include "agent/primary/mark_sealer.hpp"

#include <gtest/gtest.h>

#include "tests/support/names.hpp"
#include "tests/support/sample_evidence.hpp"

namespace farshore::primary {
namespace {

using test::app;
using test::uploads;

std::map<SourceName, SourceMark> sources() {
    return test::sample_mark().sources;
}

TreeMark& tree_of(std::map<SourceName, SourceMark>& of) {
    return std::get<TreeMark>(of.at(uploads));
}

MarkSealer sealer() {
    return {StreamName("shop"), AgentName("app-east"), Duration::from_ms(30'000), test::east_key()};
}

ClockReading taken() {
    return {.utc = test::sample_time(), .boot = {5'000}, .utc_error = Duration{1'100'000}};
}

TEST(MarkSealer, CompleteMeansEverySourceIsAsOfThisVeryCut) {
    auto all = sources();
    EXPECT_TRUE(is_complete(all, test::sample_time()));
    EXPECT_FALSE(is_complete(all, test::sample_time() + Duration{1}));
    std::get<DatabaseMark>(all.at(app)).as_of = std::nullopt;
    EXPECT_FALSE(is_complete(all, test::sample_time()));
}

TEST(MarkSealer, AMarkWithAPendingFileIsNotComplete) {
    auto all = sources();
    tree_of(all).pending.files = 1;
    EXPECT_FALSE(is_complete(all, test::sample_time()));
    tree_of(all).pending = {.files = 2, .bytes = 9, .oldest = test::sample_time(), .paths = {"a"}};
    const SealedMark sealed = sealer().seal(Epoch(1), MarkNumber(4), taken(), all, {});
    EXPECT_FALSE(sealed.mark.complete);
    EXPECT_FALSE(sealed.facts.complete);
    EXPECT_EQ(sealed.facts.pending_files, 2u);
}

TEST(MarkSealer, WhatIsSealedOpensWithItsAgentsKeyAndReadsBackEqual) {
    const SealedMark sealed = sealer().seal(Epoch(2), MarkNumber(4), taken(), sources(), {});
    const OpenedEnvelope opened =
        open_envelope(sealed.envelope, payload_type::mark, test::shop_trust()).take();
    EXPECT_EQ(opened.signer.agent, AgentName("app-east"));
    EXPECT_EQ(parse_mark(opened.payload).take(), sealed.mark);
    EXPECT_EQ(sealed.mark.epoch, Epoch(2));
    EXPECT_EQ(sealed.mark.mark, MarkNumber(4));
    EXPECT_EQ(sealed.mark.time, test::sample_time());
    EXPECT_EQ(sealed.mark.clock_error, Duration{1'100'000});
    EXPECT_TRUE(sealed.mark.complete);
}

TEST(MarkSealer, FactsTellHowFarEachSourceIs) {
    auto all = sources();
    std::get<DatabaseMark>(all.at(app)).as_of = std::nullopt;
    const SealedMark sealed = sealer().seal(Epoch(1), MarkNumber(4), taken(), all,
                                            {{uploads, BootTime{4'000}}, {app, BootTime{3'000}}});
    const auto& moments = sealed.facts.sources;
    EXPECT_EQ(moments.at(uploads).as_of, test::sample_time());
    EXPECT_EQ(moments.at(uploads).as_of_boot, BootTime{4'000});
    // Without an as_of there is none on the other clock either.
    EXPECT_EQ(moments.at(app).as_of_boot, std::nullopt);
    EXPECT_EQ(sealed.facts.tree_digests.at(uploads), tree_of(all).digest.value());
    EXPECT_FALSE(sealed.facts.tree_digests.contains(app));
}

TEST(MarkSealer, AMarkThatWasReadBackGetsItsBootTimeFromUtc) {
    const Mark mark = test::sample_mark();
    const ClockReading now{
        .utc = test::sample_time() + Duration{700}, .boot = {1'000}, .utc_error = std::nullopt};
    const MarkFacts facts = facts_of(mark, now);
    EXPECT_EQ(facts.mark, mark.mark);
    EXPECT_TRUE(facts.complete);
    EXPECT_EQ(facts.sources.at(uploads).as_of_boot, BootTime{300});
    // The host may have been started after the mark was taken.
    const ClockReading later{
        .utc = test::sample_time() + Duration{7'000}, .boot = {1'000}, .utc_error = std::nullopt};
    EXPECT_EQ(facts_of(mark, later).sources.at(app).as_of_boot, BootTime{-6'000});
}

TEST(MarkSealer, AClockThatWasSetBackHoldsAtTheNewestMarkAndSaysByHowMuch) {
    MarkFacts newest;
    newest.time = test::sample_time();
    const Duration back = Duration::from_ms(10'000);
    const ClockReading stepped{.utc = newest.time + Duration{-back.nanoseconds},
                               .boot = {7'000},
                               .utc_error = Duration{1'000}};
    const ClockReading held = held_to_order(stepped, newest);
    EXPECT_EQ(held.utc, newest.time);
    EXPECT_EQ(held.boot, stepped.boot);
    EXPECT_EQ(held.utc_error, Duration{1'000} + back);

    ClockReading unsynchronised = stepped;
    unsynchronised.utc_error.reset();
    EXPECT_EQ(held_to_order(unsynchronised, newest).utc_error, std::nullopt);
    const ClockReading later{
        .utc = newest.time + Duration{1}, .boot = {8'000}, .utc_error = Duration{1'000}};
    EXPECT_EQ(held_to_order(later, newest).utc, later.utc);
    EXPECT_EQ(held_to_order(later, newest).utc_error, later.utc_error);
    EXPECT_EQ(held_to_order(stepped, std::nullopt).utc, stepped.utc);
}

}  // namespace
}  // namespace farshore::primary
