#include "agent/postgres/table_digest.hpp"

#include <gtest/gtest.h>

#include "agent/postgres/snapshot.hpp"
#include "tests/support/postgres_server.hpp"

namespace farshore::test {
namespace {

using namespace postgres;

class TableDigestTest : public testing::Test {
  protected:
    static void SetUpTestSuite() { server_ = std::make_unique<PostgresServer>(); }
    static void TearDownTestSuite() { server_.reset(); }

    void SetUp() override {
        for (const char* database : {"one", "two"}) {
            server_->create_database(database);
            (void)server_->query(database,
                                 "CREATE TABLE item (id int PRIMARY KEY, t text, f float8);"
                                 "CREATE TABLE nokey (a int)");
        }
        run("one",
            "INSERT INTO item SELECT i, 'row ' || i, i / 3.0 FROM generate_series(1, 500) i");
        run("two",
            "INSERT INTO item SELECT i, 'row ' || i, i / 3.0"
            " FROM generate_series(500, 1, -1) i");
        for (const char* database : {"one", "two"}) {
            run(database, "INSERT INTO nokey VALUES (1), (1), (2)");
        }
    }
    void TearDown() override {
        run("postgres", "DROP DATABASE one WITH (FORCE)");
        run("postgres", "DROP DATABASE two WITH (FORCE)");
    }
    static void run(const std::string& database, const std::string& sql) {
        (void)server_->query(database, sql);
    }
    [[nodiscard]] Connection connect(const std::string& database) {
        return {server_->conninfo(database), stop_};
    }

    static std::unique_ptr<PostgresServer> server_;
    WakeEvent stop_;
};

std::unique_ptr<PostgresServer> TableDigestTest::server_;

TEST_F(TableDigestTest, IsEqualInAnyOrderAndDiffersByOneRow) {
    Connection one = connect("one");
    Connection two = connect("two");
    const auto tables = list_checked_tables(one, "");
    ASSERT_EQ(tables.size(), 2U);
    EXPECT_EQ(tables[0].key, std::vector<std::string>{"id"});
    EXPECT_TRUE(tables[1].key.empty());
    EXPECT_EQ(digest_table(one, tables[0]), digest_table(two, tables[0]));
    EXPECT_EQ(digest_table(one, tables[0]).rows, 500U);
    for (const char* change :
         {"UPDATE item SET t = 'row 8' WHERE id = 7", "DELETE FROM item WHERE id = 9",
          "UPDATE nokey SET a = 2 WHERE ctid = '(0,1)'"}) {
        run("two", change);
        const auto& table = tables[std::string(change).find("nokey") == std::string::npos ? 0 : 1];
        EXPECT_NE(digest_table(one, table), digest_table(two, table)) << change;
    }
}

TEST_F(TableDigestTest, NarrowsDownToTheRow) {
    run("two", "UPDATE item SET t = 'other' WHERE id = 77");
    Connection one = connect("one");
    Connection two = connect("two");
    const CheckedTable table = list_checked_tables(one, "").front();
    const auto expected = digest_buckets(one, table, 16);
    const auto found = digest_buckets(two, table, 16);
    ASSERT_EQ(expected.size(), found.size());
    int differences = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (expected[i] == found[i]) {
            continue;
        }
        ++differences;
        const auto rows = read_bucket(one, table, 16, expected[i].bucket, 1000);
        const auto others = read_bucket(two, table, 16, expected[i].bucket, 1000);
        ASSERT_EQ(rows.size(), others.size());
        for (std::size_t row = 0; row < rows.size(); ++row) {
            EXPECT_EQ(rows[row] == others[row], rows[row].key != "(77)");
        }
    }
    EXPECT_EQ(differences, 1);
}

TEST_F(TableDigestTest, GoesThroughJson) {
    const CheckedTable table{"s", "t", {"a", "b"}, {"a"}};
    const CheckedTable back = checked_table_from_json(to_json(table));
    EXPECT_EQ(back.columns, table.columns);
    EXPECT_EQ(back.key, table.key);
    const RowsDigest digest{3, 4, "5:6"};
    EXPECT_EQ(rows_digest_from_json(to_json(digest)), digest);
    const CheckedRow row{"(1)", "(1,a)", "md5", 2};
    EXPECT_EQ(checked_row_from_json(to_json(row)), row);
    EXPECT_THROW((void)checked_table_from_json(boost::json::value("x")), Error);
    EXPECT_THROW((void)rows_digest_from_json(boost::json::object()), Error);
}

TEST_F(TableDigestTest, ASnapshotStandsStill) {
    Snapshot snapshot(server_->conninfo("one"), stop_);
    const CheckedTable table = list_checked_tables(snapshot.connection(), "").front();
    run("one", "DELETE FROM item");
    EXPECT_EQ(digest_table(snapshot.connection(), table).rows, 500U);
}

}  // namespace
}  // namespace farshore::test
