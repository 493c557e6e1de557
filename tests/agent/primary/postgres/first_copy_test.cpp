// What happens to tables between the snapshot and the reading of their rows.

#include "agent/primary/postgres/first_copy.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/database_road.hpp"

namespace farshore::test {
namespace {

// Tables "a", "b", which takes a while to be copied, and "c", in this order.
class FirstCopyTest : public testing::Test {
  protected:
    FirstCopyTest() {
        origin(
            "CREATE TABLE a (id int PRIMARY KEY, v text);"
            "CREATE TABLE b (id int PRIMARY KEY, v text);"
            "CREATE TABLE c (id int PRIMARY KEY, v text);"
            "INSERT INTO a SELECT i, i FROM generate_series(1, 1000) i;"
            "INSERT INTO b SELECT i, repeat('b', 500) FROM generate_series(1, 60000) i;"
            "INSERT INTO c SELECT i, i FROM generate_series(1, 1000) i");
    }
    ~FirstCopyTest() override { road_.disconnect(); }

    void origin(const std::string& sql) { (void)primary_.query("origin", sql); }
    void await(int tables) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (copied() < tables && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        ASSERT_GE(copied(), tables);
    }
    int copied() {
        return std::stoi(secondary_.value(
            "replica",
            "SELECT CASE WHEN to_regclass('farshore.tables') IS NULL THEN 0 ELSE"
            " (xpath('/row/c/text()', query_to_xml('SELECT count(*) AS c FROM farshore.tables',"
            " false, true, '')))[1]::text::int END"));
    }
    // Sessions until a copy has come through, and what has come since.
    void finish_copy() {
        for (int sessions = 0; sessions < 5; ++sessions) {
            try {
                road_.cut_and_apply();
                return;
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), ErrorCode::database_unavailable) << error.message();
                road_.disconnect();
                road_.connect();
            }
        }
        ADD_FAILURE() << "no copy came through";
    }
    void expect_same(const std::string& table) {
        const std::string sql = "SELECT t::text FROM " + table + " t ORDER BY id";
        EXPECT_EQ(primary_.query("origin", sql), secondary_.query("replica", sql)) << table;
    }

    PostgresServer primary_;
    PostgresServer secondary_;
    DatabaseRoad road_{primary_, secondary_};
};

TEST_F(FirstCopyTest, ATableThatIsRewrittenBeforeItsTurnKeepsItsRows) {
    road_.connect();
    await(1);
    origin("ALTER TABLE c ALTER COLUMN v TYPE int USING v::int");
    finish_copy();
    for (const std::string table : {"a", "b", "c"}) {
        expect_same(table);
    }
}

TEST_F(FirstCopyTest, ATableThatIsEmptiedBeforeItsTurnIsEmpty) {
    road_.connect();
    await(1);
    origin("TRUNCATE c; INSERT INTO c VALUES (7, 'new')");
    finish_copy();
    expect_same("b");
    expect_same("c");
}

TEST_F(FirstCopyTest, ATableIsLockedForNoLongerThanItsRowsAreRead) {
    road_.connect();
    await(1);
    std::thread holder([&] { origin("BEGIN; LOCK TABLE c; SELECT pg_sleep(6); COMMIT"); });
    await(2);
    EXPECT_EQ(primary_.value("origin",
                             "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
                             " WHERE c.relname IN ('a', 'b') AND l.mode = 'AccessShareLock'"),
              "0");
    holder.join();
    finish_copy();
    expect_same("c");
}

}  // namespace
}  // namespace farshore::test
