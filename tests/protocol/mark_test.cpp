#include "protocol/mark.hpp"

#include <gtest/gtest.h>

#include <random>

#include "protocol/limits.hpp"
#include "tests/support/sample_evidence.hpp"

namespace farshore {
namespace {

TEST(Mark, RoundTrips) {
    const Mark mark = test::sample_mark();
    const Result<Mark> read = parse_mark(to_payload(mark));
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(read.value(), mark);
}

TEST(Mark, PayloadIsCanonicalAndHasTheContractsMembers) {
    Mark mark = test::sample_mark();
    mark.sources.erase(SourceName("uploads"));
    EXPECT_EQ(to_payload(mark),
              R"({"agent":"app-east","clock_error_seconds":0.0011,"complete":true,"epoch":1,)"
              R"("mark":1,"objective_seconds":30,"sources":{"app":{"as_of":)"
              R"("2026-11-22T18:44:49.123456789Z","digest":")" +
                  sha256("transactions").prefixed() +
                  R"(","kind":"database","lsn":"0/16B3748","system_identifier":)"
                  R"("7300000000000000001","transactions":123,"uncovered":[{"name":)"
                  R"("public.scratch","reason":"unlogged"}]}},"stream":"shop",)"
                  R"("time":"2026-11-22T18:44:49.123456789Z"})");
}

TreeMark random_tree(std::mt19937_64& random) {
    TreeMark tree;
    if (random() % 2 == 0) {
        tree.as_of = Timestamp{static_cast<std::int64_t>(random())};
        tree.swept = Timestamp{static_cast<std::int64_t>(random())};
    }
    tree.entries = random() >> (random() % 64);
    tree.bytes = random() >> (random() % 64);
    tree.digest.add(sha256(std::to_string(random())));
    tree.uncovered = {{"\xff\xfe", "cannot be read"}, {"a", ""}};
    tree.uncovered_more = random() % 2 == 0 ? 0 : random();
    tree.pending.files = random() % 2 == 0 ? 0 : 2 + random() % 1000;
    if (tree.pending.files > 0) {
        tree.pending.bytes = random();
        tree.pending.oldest = Timestamp{static_cast<std::int64_t>(random())};
        tree.pending.paths = {"big.iso", "\xff/x"};
    }
    return tree;
}

TEST(Mark, AnyMarkRoundTrips) {
    std::mt19937_64 random(9);
    for (int i = 0; i < 500; ++i) {
        Mark mark = test::sample_mark();
        mark.mark = MarkNumber(1 + (random() >> (random() % 64)) / 2);
        mark.time = Timestamp{static_cast<std::int64_t>(random())};
        mark.complete = false;
        mark.clock_error = random() % 2 == 0 ? std::nullopt : std::optional(Duration{123'456'789});
        mark.objective = Duration{static_cast<std::int64_t>(random() % 1'000'000'000'000)};
        for (unsigned k = 0; k < random() % 4; ++k) {
            mark.sources[SourceName("tree" + std::to_string(k))] = random_tree(random);
        }
        const Result<Mark> read = parse_mark(to_payload(mark));
        ASSERT_TRUE(read.ok()) << to_payload(mark) << read.error().message();
        ASSERT_EQ(read.value(), mark) << to_payload(mark);
    }
}

TEST(Mark, WhatIsNotRightIsRefused) {
    const std::string sound = to_payload(test::sample_mark());
    const std::pair<std::string, std::string> replacements[] = {
        {"\"mark\":1,", "\"mark\":0,"},
        {"\"mark\":1,", "\"mark\":1,\"mark\":1,"},
        {"\"mark\":1,", "\"mark\":1,\"x\":1,"},
        {"\"mark\":1,", ""},
        {"\"mark\":1,", "\"mark\":1.5,"},
        {"\"mark\":1,", "\"mark\":-1,"},
        {"\"epoch\":1,", "\"epoch\":0,"},
        {"\"complete\":true", "\"complete\":1"},
        {"\"stream\":\"shop\"", "\"stream\":\"../shop\""},
        {"\"kind\":\"tree\"", "\"kind\":\"forest\""},
        {"\"lsn\":\"0/16B3748\"", "\"lsn\":\"0/016B3748\""},
        {"\"lsn\":\"0/16B3748\"", "\"lsn\":\"0/16b3748\""},
        {"\"uploads\":", "\"up/loads\":"},
        {"\"files\":0", "\"files\":1"},  // complete, although something is pending
        {"\"paths\":[]", "\"paths\":[\"a\"]"},
        {"\"paths\":[]", "\"paths\":[1]"},
        {"\"paths\":[]", "\"paths\":[{\"path_base64\":\"YQ==\"}]"},
        {"\"clock_error_seconds\":0.0011", "\"clock_error_seconds\":1e300"},
        {"\"clock_error_seconds\":0.0011", "\"clock_error_seconds\":\"0.0011\""},
        {"\"objective_seconds\":30", "\"objective_seconds\":null"},
        {"\"uncovered\":[]", "\"uncovered\":[],\"uncovered_more\":0"},
        {"\"reason\":\"unlogged\"", "\"reason\":1"},
        {"2026-11-22T18:44:49.123456789Z\"}", "2026-11-22T18:44:49Z\"}"},
    };
    for (const auto& [from, to] : replacements) {
        std::string payload = sound;
        const std::size_t at = payload.rfind(from);
        ASSERT_NE(at, std::string::npos) << from;
        payload.replace(at, from.size(), to);
        const Result<Mark> read = parse_mark(payload);
        ASSERT_FALSE(read.ok()) << payload;
        EXPECT_EQ(read.error().code(), ErrorCode::malformed);
    }
}

TEST(Mark, ListsHaveTheirLimits) {
    Mark mark = test::sample_mark();
    mark.complete = false;
    auto& tree = std::get<TreeMark>(mark.sources.at(SourceName("uploads")));
    tree.pending.files = 200;
    tree.pending.paths.assign(limits::mark_pending_paths, "x");
    std::string payload = to_payload(mark);
    EXPECT_TRUE(parse_mark(payload).ok());
    payload.replace(payload.find("\"paths\":[") + 9, 0, "\"y\",");
    EXPECT_FALSE(parse_mark(payload).ok());
}

TEST(Mark, TextsForPeopleNeedNotBeUtf8) {
    Mark mark = test::sample_mark();
    std::get<DatabaseMark>(mark.sources.at(SourceName("app"))).uncovered = {{"t", "caf\xe9"}};
    const Mark read = parse_mark(to_payload(mark)).take();
    EXPECT_EQ(std::get<DatabaseMark>(read.sources.at(SourceName("app"))).uncovered[0].reason,
              "caf?");
}

TEST(Mark, AsOfIsThatOfTheSource) {
    const Mark mark = test::sample_mark();
    EXPECT_EQ(as_of(mark.sources.at(SourceName("app"))), test::sample_time());
    EXPECT_EQ(as_of(SourceMark(TreeMark())), std::nullopt);
}

}  // namespace
}  // namespace farshore
