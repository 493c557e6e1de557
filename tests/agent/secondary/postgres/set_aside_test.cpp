// A table that can't be applied is set aside and copied anew, while the others go on.

#include "agent/secondary/postgres/set_aside.hpp"

#include <gtest/gtest.h>

#include "tests/support/database_road.hpp"

namespace farshore::test {
namespace {

class SetAsideTest : public testing::Test {
  protected:
    static void SetUpTestSuite() { server_ = std::make_unique<PostgresServer>(); }
    static void TearDownTestSuite() { server_.reset(); }

    void SetUp() override {
        server_->create_database("origin");
        server_->create_database("replica");
        road_ =
            std::make_unique<DatabaseRoad>(*server_, *server_, config::ConflictPolicy::quarantine);
        origin("CREATE TABLE item (id int PRIMARY KEY, name text)");
        origin("CREATE TABLE other (id int PRIMARY KEY, name text)");
        origin("INSERT INTO item SELECT i, 'i' || i FROM generate_series(1, 100) i");
        origin("INSERT INTO other SELECT i, 'o' || i FROM generate_series(1, 100) i");
        road_->connect();
        road_->cut_and_apply();
    }
    void TearDown() override {
        road_.reset();
        (void)server_->query("postgres",
                             "SELECT pg_terminate_backend(active_pid, 5000)"
                             " FROM pg_replication_slots WHERE active");
        (void)server_->query("postgres",
                             "SELECT pg_drop_replication_slot(slot_name)"
                             " FROM pg_replication_slots");
        (void)server_->query("postgres", "DROP DATABASE origin WITH (FORCE)");
        (void)server_->query("postgres", "DROP DATABASE replica WITH (FORCE)");
    }

    void origin(const std::string& sql) { (void)server_->query("origin", sql); }
    void replica(const std::string& sql) { (void)server_->query("replica", sql); }
    [[nodiscard]] std::string on_replica(const std::string& sql) {
        return server_->value("replica", sql);
    }
    [[nodiscard]] std::string names() {
        return on_replica(
            "SELECT coalesce(string_agg(table_schema || '.' || table_name, ',' ORDER BY 1), '')"
            " FROM (SELECT * FROM farshore.set_aside ORDER BY table_name) s");
    }
    void expect_same(const std::string& table) {
        const std::string sql = "SELECT t::text FROM " + table + " t ORDER BY 1";
        EXPECT_EQ(server_->query("origin", sql), server_->query("replica", sql)) << table;
    }
    void copy_anew(const std::string& table) {
        road_->resend({"public", table});
        road_->cut_and_apply();
    }
    void set_item_aside() {
        replica("DELETE FROM item WHERE id = 7");
        origin("UPDATE item SET name = 'seven' WHERE id = 7");
        road_->cut_and_apply();
        ASSERT_EQ(names(), "public.item");
    }

    static std::unique_ptr<PostgresServer> server_;
    std::unique_ptr<DatabaseRoad> road_;
    const TableName item_{"public", "item"};
};

std::unique_ptr<PostgresServer> SetAsideTest::server_;

TEST_F(SetAsideTest, AMissingRowSetsItsTableAsideAndTheOthersGoOn) {
    replica("DELETE FROM item WHERE id = 7");
    origin(
        "BEGIN; UPDATE item SET name = 'x' WHERE id < 10; UPDATE other SET name = 'x' WHERE id < "
        "10; COMMIT");
    origin("INSERT INTO other VALUES (1000, 'later'); INSERT INTO item VALUES (1000, 'later')");
    road_->cut_and_apply();
    expect_same("other");
    EXPECT_EQ(names(), "public.item");
    EXPECT_EQ(on_replica("SELECT name FROM item WHERE id = 1"), "i1");  // all of it is left out
    const auto tables = road_->applier().set_aside();
    ASSERT_TRUE(tables && tables->contains(item_));
    EXPECT_NE(tables->at(item_).reason.find("update in table public.item (id = 7) at LSN"),
              std::string::npos)
        << tables->at(item_).reason;
    copy_anew("item");
    expect_same("item");
    EXPECT_EQ(names(), "");
    EXPECT_TRUE(road_->applier().set_aside()->empty());
    origin("UPDATE item SET name = 'after' WHERE id = 7; DELETE FROM item WHERE id = 1000");
    road_->cut_and_apply();
    expect_same("item");
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(SetAsideTest, ADoubledRowAndAConstraintToo) {
    replica("INSERT INTO item VALUES (200, 'mine')");
    origin("INSERT INTO item VALUES (200, 'theirs')");
    replica("ALTER TABLE other ADD CHECK (name <> 'forbidden')");
    origin("INSERT INTO other VALUES (300, 'forbidden'), (301, 'fine')");
    road_->cut_and_apply();
    EXPECT_EQ(names(), "public.item,public.other");
    copy_anew("item");
    expect_same("item");
    // The replica's own constraint refuses the copy as well: it stays set aside, and says why.
    copy_anew("other");
    EXPECT_EQ(names(), "public.other");
    EXPECT_NE(on_replica("SELECT note FROM farshore.set_aside").find("other_name_check"),
              std::string::npos)
        << on_replica("SELECT note FROM farshore.set_aside");
    origin("INSERT INTO item VALUES (400, 'goes on')");
    road_->cut_and_apply();
    expect_same("item");
    replica("ALTER TABLE other DROP CONSTRAINT other_name_check");
    copy_anew("other");
    expect_same("other");
    EXPECT_EQ(names(), "");
}

TEST_F(SetAsideTest, AValueThatDoesNotFitTheReplicasType) {
    replica("ALTER TABLE item ALTER name TYPE varchar(5)");
    origin("UPDATE item SET name = 'too long for it' WHERE id = 3");
    road_->cut_and_apply();
    EXPECT_EQ(names(), "public.item");
    origin("INSERT INTO other VALUES (1000, 'goes on')");
    road_->cut_and_apply();
    expect_same("other");
}

// Both versions of the row, and what would settle it.
TEST_F(SetAsideTest, TheRowThatStoodInTheWayIsReported) {
    const auto reason = [&] { return on_replica("SELECT reason FROM farshore.set_aside"); };
    const auto expect_end = [&](const std::string& end) {
        EXPECT_TRUE(reason().ends_with(end)) << reason();
        EXPECT_EQ(road_->applier().set_aside()->at(item_).reason, reason());
        copy_anew("item");
        EXPECT_EQ(names(), "");
    };
    set_item_aside();
    expect_end(
        "; the primary's row: (id = 7, name = seven); the replica's: none; settled by: INSERT INTO"
        " \"public\".\"item\" (\"id\", \"name\") OVERRIDING SYSTEM VALUE VALUES ('7', 'seven')");
    replica("INSERT INTO item VALUES (200, 'mine')");
    origin("INSERT INTO item VALUES (200, 'it''s theirs')");
    road_->cut_and_apply();
    expect_end(
        "; the primary's row: (id = 200, name = it's theirs); the replica's: (200,mine); settled "
        "by:"
        " DELETE FROM ONLY \"public\".\"item\" WHERE \"id\" = '200'");
    replica("ALTER TABLE item ADD CHECK (name <> 'forbidden')");
    origin("UPDATE item SET name = 'forbidden' WHERE id = 8");
    road_->cut_and_apply();
    EXPECT_TRUE(
        reason().ends_with("; the primary's row: (id = 8, name = forbidden);"
                           " the replica's: (8,i8)"))
        << reason();
}

// What is shown of a long key ends within a character: no database takes that for text.
TEST_F(SetAsideTest, ALongKeyThatIsCutWithinACharacter) {
    origin("CREATE TABLE word (w text PRIMARY KEY, n int)");
    origin("INSERT INTO word VALUES (repeat('a', 99) || repeat('ü', 100), 1)");
    road_->cut_and_apply();
    replica("DELETE FROM word");
    origin("UPDATE word SET n = 2");
    road_->cut_and_apply();
    EXPECT_EQ(names(), "public.word");
    copy_anew("word");
    expect_same("word");
    EXPECT_EQ(secondary::plain_reason("aü", 2), "a");
    EXPECT_EQ(secondary::plain_reason("a\xff", 9), "a?");
}

// Nothing but the table's own changes is in the range: the decision is durable all the same.
TEST_F(SetAsideTest, IsRememberedWhenNothingElseWasApplied) {
    set_item_aside();
    origin("UPDATE item SET name = 'left out' WHERE id = 8");
    road_->cut_and_apply();
    road_->restart_secondary();
    EXPECT_FALSE(road_->applier().set_aside());
    road_->applier().learn_set_aside();
    ASSERT_TRUE(road_->applier().set_aside());
    EXPECT_TRUE(road_->applier().set_aside()->contains(item_));
    road_->connect();
    origin("UPDATE item SET name = 'left out too' WHERE id = 9");
    road_->cut_and_apply();
    EXPECT_EQ(on_replica("SELECT name FROM item WHERE id = 9"), "i9");
    copy_anew("item");
    expect_same("item");
}

// What comes twice is taken once: a table that is not set aside has nothing to gain from a copy.
TEST_F(SetAsideTest, ACopyIsOnlyForATableThatIsSetAside) {
    set_item_aside();
    road_->resend(item_);
    origin("UPDATE item SET name = 'between' WHERE id = 20");
    road_->resend(item_);
    road_->cut_and_apply();
    expect_same("item");
    const std::string written = on_replica("SELECT xmin FROM item WHERE id = 50");
    road_->resend(item_);
    road_->cut_and_apply();
    EXPECT_EQ(on_replica("SELECT xmin FROM item WHERE id = 50"), written);
}

TEST_F(SetAsideTest, ChangesAroundTheCopyAreInPlace) {
    set_item_aside();
    origin("DELETE FROM item WHERE id = 30; INSERT INTO item VALUES (500, 'before the copy')");
    road_->resend(item_);
    origin("DELETE FROM item WHERE id = 31; INSERT INTO item VALUES (501, 'behind the copy')");
    origin("UPDATE item SET name = 'behind' WHERE id = 500");
    road_->cut_and_apply();
    expect_same("item");
    EXPECT_EQ(names(), "");
}

// The name is the primary's, the table is the same: under its new name it is as incomplete.
TEST_F(SetAsideTest, FollowsATableThatIsRenamed) {
    set_item_aside();
    origin("ALTER TABLE item RENAME TO thing");
    origin("UPDATE thing SET name = 'renamed' WHERE id = 50");
    road_->cut_and_apply();
    EXPECT_EQ(names(), "public.thing");
    EXPECT_EQ(on_replica("SELECT name FROM thing WHERE id = 50"), "i50");
    origin("ALTER TABLE thing ADD COLUMN more int DEFAULT 5");
    copy_anew("thing");
    expect_same("thing");
    EXPECT_EQ(names(), "");
}

TEST_F(SetAsideTest, LetsGoOfATableThatIsDropped) {
    set_item_aside();
    origin("DROP TABLE item");
    road_->cut_and_apply();
    EXPECT_EQ(names(), "");
    origin("CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'new')");
    road_->cut_and_apply();
    expect_same("item");
}

TEST_F(SetAsideTest, TruncateOfSeveralLeavesItOut) {
    set_item_aside();
    origin(
        "TRUNCATE item, other; INSERT INTO other VALUES (1, 'new'); INSERT INTO item VALUES (7)");
    road_->cut_and_apply();
    expect_same("other");
    EXPECT_EQ(on_replica("SELECT count(*) FROM item"), "99");
    copy_anew("item");
    expect_same("item");
}

TEST_F(SetAsideTest, AFirstCopyBringsItToo) {
    set_item_aside();
    road_->disconnect();
    (void)server_->query("postgres",
                         "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    road_->connect();  // it says that the slot is gone
    road_->join();
    road_->connect();
    road_->cut_and_apply();
    expect_same("item");
    EXPECT_EQ(names(), "");
    EXPECT_TRUE(road_->applier().set_aside()->empty());
}

TEST_F(SetAsideTest, ARowThatIsAppliedAloneSetsItsTableAsideToo) {
    replica("DELETE FROM item WHERE id = 7");
    origin("UPDATE item SET name = repeat('large', 2000000) WHERE id = 7");
    origin("UPDATE other SET id = 2000 WHERE id = 5");
    road_->cut_and_apply();
    expect_same("other");
    EXPECT_EQ(names(), "public.item");
}

TEST_F(SetAsideTest, WhatCanNotBeResentIsSaid) {
    const postgres::WakeEvent never;
    postgres::Connection connection(road_->origin.connection, never);
    const auto code_of = [&](const TableName& table, std::uint64_t limit) {
        try {
            primary::resend_table(connection, StreamName("shop"), table, limit);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    };
    EXPECT_EQ(code_of({"public", "nowhere"}, primary::resent_table_bytes), ErrorCode::not_found);
    EXPECT_EQ(code_of({"farshore", "replica_identity"}, primary::resent_table_bytes),
              ErrorCode::not_found);
    EXPECT_EQ(code_of(item_, 1000), ErrorCode::too_large);
    postgres::Connection writer(road_->origin.connection, never);
    writer.execute("BEGIN; UPDATE public.item SET name = 'open' WHERE id = 1");
    EXPECT_EQ(code_of(item_, primary::resent_table_bytes), ErrorCode::database_unavailable);
    writer.execute("ROLLBACK");
    primary::resend_table(connection, StreamName("shop"), item_);
}

}  // namespace
}  // namespace farshore::test
