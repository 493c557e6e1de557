// memory_limit, end to end: what is larger than it passes, and neither agent ever holds as much.

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "tests/support/agent_pair.hpp"
#include "tests/support/postgres_server.hpp"

namespace farshore::test {
namespace {

// The smallest that a config may have.
constexpr std::size_t memory_limit = 128ULL << 20;
// Shadow memory is not the agent's: there its size says nothing, and a tenth of the rows' size
// does.
bool is_sanitized() {
    return std::getenv("FARSHORE_SANITIZED") != nullptr;
}
// An MD5 so many times is larger than the limit.
std::string larger_than_limit(const std::string& what) {
    return "repeat(md5('" + what + "'), " + (is_sanitized() ? "450000" : "4500000") + ")";
}

constexpr auto long_time = std::chrono::seconds(240);

class Memory : public ::testing::Test {
  protected:
    Memory() {
        primary_.create_database("app");
        replica_.create_database("app");
        settings_.databases.push_back({"app", primary_.conninfo("app"), replica_.conninfo("app")});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"replication", "memory_limit = \"128MiB\""}};
    }

    void start() {
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
    }

    void settle() {
        const Outcome flushed = pair_->flush(long_time);
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
    }

    void expect_equal(const std::string& table) {
        const std::string sql =
            "SELECT count(*) || ' ' || sum(length(t::text)) || ' ' || md5(string_agg(md5(t::text),"
            " '' ORDER BY id)) FROM " +
            table + " t";
        EXPECT_EQ(primary_.value("app", sql), replica_.value("app", sql)) << table;
    }

    void expect_within_limit(const std::string& when) {
        if (is_sanitized()) {
            return;
        }
        for (const char* agent : {"east", "west"}) {
            EXPECT_LT(pair_->process(agent).peak_resident_bytes(), memory_limit)
                << agent << " " << when;
        }
    }

    PostgresServer primary_;
    PostgresServer replica_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(Memory, ARowLargerThanTheLimitPasses) {
    primary_.query("app",
                   "CREATE TABLE big (id int PRIMARY KEY, n int, body text);"
                   "CREATE TABLE whole (id int PRIMARY KEY, body text);"
                   "ALTER TABLE whole REPLICA IDENTITY FULL;"
                   "INSERT INTO big VALUES (1, 1, " +
                       larger_than_limit("1") + ")");
    start();
    settle();
    expect_equal("big");
    expect_within_limit("in the first copy");
    primary_.query("app", "UPDATE big SET n = 7, id = 10");
    primary_.query("app", "INSERT INTO big VALUES (2, 2, " + larger_than_limit("2") + ")");
    settle();
    expect_equal("big");
    expect_within_limit("of an insert");
    primary_.query("app", "UPDATE big SET body = " + larger_than_limit("new") + " WHERE id = 2");
    primary_.query("app", "INSERT INTO whole VALUES (1, repeat(md5('x'), 450000))");
    primary_.query("app", "UPDATE whole SET body = repeat(md5('y'), 450000)");
    settle();
    expect_equal("big");
    expect_equal("whole");
    expect_within_limit("of updates");
    primary_.query("app", "DELETE FROM whole; INSERT INTO whole VALUES (2, 'small')");
    settle();
    expect_equal("whole");
    const Outcome verified = pair_->verify("east");
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
    expect_within_limit("of a verification");
}

// What is gathered before it is written grows with the limit, not with the rows.
TEST_F(Memory, ManyRowsOfEverySizePass) {
    primary_.query("app", "CREATE TABLE big (id int PRIMARY KEY, n int, body text)");
    start();
    settle();
    for (const auto& [rows, repeats] : {std::pair(20'000, 1), std::pair(500, 2000),
                                        std::pair(100, 10'000), std::pair(12, 120'000)}) {
        const std::string some = " FROM generate_series(1, " + std::to_string(rows) + ") i";
        const std::string body = "repeat(md5(i::text), " + std::to_string(repeats) + ")";
        primary_.query("app", "INSERT INTO big SELECT i, 0, " + body + some);
        primary_.query("app", "UPDATE big SET n = 1, body = replace(body, '0', '\"')");
        primary_.query("app", "DELETE FROM big WHERE id % 2 = 0");
        settle();
        expect_equal("big");
        expect_within_limit(std::to_string(rows) + " rows of " + std::to_string(repeats * 32));
        primary_.query("app", "DELETE FROM big");
    }
    settle();
}

}  // namespace
}  // namespace farshore::test
