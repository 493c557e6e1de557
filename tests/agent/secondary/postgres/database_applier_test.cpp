#include "agent/secondary/postgres/database_applier.hpp"

#include <gtest/gtest.h>

#include "tests/support/database_road.hpp"

namespace farshore::test {
namespace {

class DatabaseApplierTest : public testing::Test {
  protected:
    static void SetUpTestSuite() { server_ = std::make_unique<PostgresServer>(); }
    static void TearDownTestSuite() { server_.reset(); }

    void SetUp() override {
        server_->create_database("origin");
        server_->create_database("replica");
        road_ = std::make_unique<DatabaseRoad>(*server_, *server_);
    }
    void TearDown() override {
        road_.reset();
        (void)server_->query("postgres",
                             "SELECT pg_drop_replication_slot(slot_name)"
                             " FROM pg_replication_slots WHERE NOT active");
        (void)server_->query("postgres", "DROP DATABASE origin WITH (FORCE)");
        (void)server_->query("postgres", "DROP DATABASE replica WITH (FORCE)");
    }

    void origin(const std::string& sql) { (void)server_->query("origin", sql); }
    void replica(const std::string& sql) { (void)server_->query("replica", sql); }
    void expect_same(const std::string& table, const std::string& columns = "t.*") {
        const std::string sql = "SELECT " + columns + " FROM " + table + " t ORDER BY t::text";
        EXPECT_EQ(server_->query("origin", sql), server_->query("replica", sql)) << table;
    }

    static std::unique_ptr<PostgresServer> server_;
    std::unique_ptr<DatabaseRoad> road_;
};

std::unique_ptr<PostgresServer> DatabaseApplierTest::server_;

TEST_F(DatabaseApplierTest, CopiesAndFollows) {
    origin("CREATE TABLE item (id int PRIMARY KEY, name text)");
    origin("INSERT INTO item SELECT i, 'name ' || i FROM generate_series(1, 1000) i");
    road_->connect();
    road_->cut_and_apply();
    expect_same("item");
    origin("INSERT INTO item VALUES (2000, 'new'), (2001, NULL)");
    origin("UPDATE item SET name = 'changed' WHERE id < 10");
    origin("DELETE FROM item WHERE id BETWEEN 20 AND 30");
    road_->cut_and_apply();
    expect_same("item");
    EXPECT_EQ(road_->sent, road_->applied);
    EXPECT_EQ(road_->applied.size(), 3U);
}

}  // namespace
}  // namespace farshore::test
