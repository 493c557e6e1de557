// A report of evidence that the real writers made, against figures computed by hand and by the
// independent verifier.
#include "agent/history/history_report.hpp"

#include <gtest/gtest.h>

#include "agent/history/report_html.hpp"
#include "agent/history/report_text.hpp"
#include "agent/verification/chain_check.hpp"
#include "tests/support/evidence_world.hpp"
#include "tests/support/independent_verifier.hpp"

namespace farshore::history {
namespace {

using test::EvidenceWorld;

class HistoryReportTest : public testing::Test {
  protected:
    // A mark a second, received at once: the RPO just before the next one is a second and both
    // clocks' errors, which are 1 ms and 2 ms; or the session's 0.9 ms, 0.3 ms ahead.
    void run_seconds(int seconds) {
        for (int i = 0; i < seconds; ++i) {
            world_.mark();
        }
        world_.write_manifest();
        world_.write_receipt();
        world_.upload();
    }
    void pass(std::int64_t seconds) { world_.now = world_.now + Duration{seconds * second}; }

    HistoryReport report(const std::string& to) {
        verification::VerifyReport chain;
        chain.stream = "shop";
        EvidenceHistory history;
        (void)verification::check_chain(world_.store, world_.trust, chain, {}, &history);
        return make_report(history, std::move(chain), {std::nullopt, *parse_rfc3339(to)});
    }

    // Of the same store and range: minute by minute the same.
    void expect_agreement(const HistoryReport& report) {
        test::IndependentVerifier independent;
        independent.add(world_.store, world_.trust, to_rfc3339(report.to));
        const auto results = independent.run();
        ASSERT_EQ(results[0].minutes.size(), report.minutes.size());
        for (std::size_t i = 0; i < report.minutes.size(); ++i) {
            const Minute& ours = report.minutes[i];
            const test::IndependentMinute& theirs = results[0].minutes[i];
            EXPECT_EQ(theirs.begin, ours.begin.nanoseconds);
            EXPECT_EQ(theirs.rpo.has_value(), ours.rpo.has_value()) << to_rfc3339(ours.begin);
            EXPECT_EQ(theirs.objective.value_or(-1),
                      ours.objective.value_or(Duration{-1}).nanoseconds);
            if (theirs.rpo && ours.rpo) {
                EXPECT_EQ(*theirs.rpo, ours.rpo->value.nanoseconds) << to_rfc3339(ours.begin);
                EXPECT_EQ(*theirs.error, ours.rpo->error.nanoseconds);
            }
        }
    }

    static constexpr std::int64_t second = 1'000'000'000;
    EvidenceWorld world_;  // begins at 18:44:49
};

TEST_F(HistoryReportTest, IsWhatIsComputedByHand) {
    run_seconds(71);  // to 18:46:00
    pass(100);        // nothing is sealed until 18:47:41
    run_seconds(20);  // to 18:48:00
    const HistoryReport made = report("2026-11-22T18:48:00Z");
    ASSERT_EQ(made.minutes.size(), 4U);
    EXPECT_FALSE(made.minutes[0].rpo);  // no mark yet at its beginning
    ASSERT_TRUE(made.minutes[1].rpo);
    EXPECT_EQ(made.minutes[1].rpo->value.nanoseconds, second + 300'000 + 900'000);
    EXPECT_EQ(made.minutes[1].rpo->error.nanoseconds, 900'000);
    EXPECT_EQ(made.minutes[2].rpo->value.nanoseconds, 60 * second + 1'200'000);
    EXPECT_EQ(made.minutes[3].rpo->value.nanoseconds, 101 * second + 1'200'000);
    EXPECT_EQ(made.minutes[3].objective, Duration{30 * second});
    EXPECT_EQ(made.total.minutes, 4U);
    EXPECT_EQ(made.total.met, 1U);
    EXPECT_EQ(made.total.proven, 3U);
    EXPECT_EQ(made.total.rpo.p50->value.nanoseconds, 60 * second + 1'200'000);
    EXPECT_FALSE(made.total.rpo.worst);  // a minute without proof is worse than any number
    EXPECT_EQ(made.chain.findings_total, 0U);
    expect_agreement(made);
}

TEST_F(HistoryReportTest, SaysWhoStoodStill) {
    run_seconds(71);
    pass(100);
    run_seconds(20);
    const HistoryReport made = report("2026-11-22T18:48:00Z");
    ASSERT_EQ(made.outages.size(), 2U);
    EXPECT_EQ(made.outages[0].cause, "no mark had been received yet");
    EXPECT_EQ(made.outages[1].minutes, 2U);
    EXPECT_EQ(made.outages[1].cause, "the primary sealed no mark after 18:46:00");
}

TEST_F(HistoryReportTest, AStreamThatEndedGoesOnMissing) {
    run_seconds(71);
    const HistoryReport made = report("2026-11-22T19:44:00Z");
    EXPECT_EQ(made.total.minutes, 60U);
    EXPECT_EQ(made.total.met, 1U);
    EXPECT_EQ(made.minutes.back().rpo->value.nanoseconds, 58 * 60 * second + 1'200'000);
    expect_agreement(made);
}

TEST_F(HistoryReportTest, WhatIsNotSoundIsNoProof) {
    run_seconds(71);
    const std::string key = world_.receipt_key(1);
    world_.replace(key, payload_type::receipt, world_.payload(key, payload_type::receipt),
                   test::test_key('X'));
    const HistoryReport made = report("2026-11-22T18:46:00Z");
    EXPECT_EQ(made.total.proven, 0U);
    EXPECT_EQ(made.chain.findings_total, 1U);
    EXPECT_NE(to_html(made).find("The evidence is not sound"), std::string::npos);
    expect_agreement(made);
}

TEST_F(HistoryReportTest, DaysAndMonthsAreThoseOfUtc) {
    run_seconds(71);
    const HistoryReport made = report("2026-12-02T00:00:00Z");
    ASSERT_EQ(made.days.size(), 10U);
    EXPECT_EQ(made.days[0].name, "2026-11-22");
    EXPECT_EQ(made.days[0].minutes, 316U);
    EXPECT_EQ(made.days[1].minutes, 1'440U);
    ASSERT_EQ(made.months.size(), 2U);
    EXPECT_EQ(made.months[1].name, "2026-12");
    EXPECT_EQ(made.months[0].minutes + made.months[1].minutes, made.total.minutes);
}

TEST_F(HistoryReportTest, PercentilesAreByNearestRank) {
    std::vector<Minute> minutes(100);
    for (int i = 0; i < 100; ++i) {
        minutes[static_cast<std::size_t>(i)].rpo = Figure{Duration{i + 1}, Duration{0}};
    }
    const Period all = summarise("all", minutes.data(), minutes.data() + minutes.size());
    EXPECT_EQ(all.rpo.p50->value.nanoseconds, 50);
    EXPECT_EQ(all.rpo.p99->value.nanoseconds, 99);
    EXPECT_EQ(all.rpo.worst->value.nanoseconds, 100);
    EXPECT_FALSE(all.lag.p50);
    minutes[7].rpo.reset();
    const Period worse = summarise("all", minutes.data(), minutes.data() + minutes.size());
    EXPECT_EQ(worse.rpo.p99->value.nanoseconds, 100);
    EXPECT_FALSE(worse.rpo.worst);
}

TEST_F(HistoryReportTest, TheFormsSayTheSame) {
    run_seconds(71);
    const HistoryReport made = report("2026-11-22T18:46:00Z");
    EXPECT_EQ(to_csv(made),
              "minute,rpo_seconds,rpo_error_seconds,lag_seconds,lag_error_seconds,"
              "objective_seconds,met\n"
              "2026-11-22T18:44:00Z,,,,,30,0\n"
              "2026-11-22T18:45:00Z,1.001200,0.000900,1.001200,0.000900,30,1\n");
    const auto json = to_json(made);
    EXPECT_EQ(json.at("total").at("met").as_uint64(), 1U);
    EXPECT_NE(to_text(made).find("the chain is sound"), std::string::npos);
    const std::string page = to_html(made);
    EXPECT_NE(page.find("\"r\":[-1,1001]"), std::string::npos);
    // Nothing is loaded from elsewhere.
    for (const char* word : {"src=", "href=", "@import", "url("}) {
        EXPECT_EQ(page.find(word), std::string::npos) << word;
    }
}

TEST_F(HistoryReportTest, NothingOfTheEvidenceIsMarkup) {
    EXPECT_EQ(html_text("<b>&\"\n"), "&lt;b&gt;&amp;&quot; ");
}

TEST(FigureText, IsNeverToldAsLess) {
    EXPECT_EQ(span_text(Duration::from_ms(840)), "840 ms");
    EXPECT_EQ(span_text(Duration::from_ms(1'234)), "1.23 s");
    EXPECT_EQ(span_text(Duration::from_ms(59'900)), "59.9 s");
    EXPECT_EQ(span_text(Duration::from_ms(200'400)), "3 min 21 s");
    EXPECT_EQ(span_text(Duration::from_ms(7'260'000)), "2 h 01 min");
    EXPECT_EQ(figure_text(std::nullopt), "unproven");
    EXPECT_EQ(share_text(1.0), "100.00 %");
    EXPECT_EQ(share_text(0.99999), "99.99 %");
}

}  // namespace
}  // namespace farshore::history
