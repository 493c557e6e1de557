#include "agent/primary/postgres/database_source.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "agent/primary/postgres/detach.hpp"
#include "agent/secondary/postgres/detach.hpp"
#include "tests/support/database_road.hpp"

namespace farshore::test {
namespace {

class DatabaseSourceTest : public testing::Test {
  protected:
    void start(const PostgresSettings& settings = {}) {
        primary_ = std::make_unique<PostgresServer>(settings);
        secondary_ = std::make_unique<PostgresServer>();
        road_ = std::make_unique<DatabaseRoad>(*primary_, *secondary_);
    }
    void TearDown() override { road_.reset(); }

    void origin(const std::string& sql) { (void)primary_->query("origin", sql); }
    [[nodiscard]] std::string on_origin(const std::string& sql) {
        return primary_->value("origin", sql);
    }
    void expect_same(const std::string& table) {
        const std::string sql = "SELECT t::text FROM " + table + " t ORDER BY 1";
        EXPECT_EQ(primary_->query("origin", sql), secondary_->query("replica", sql)) << table;
    }
    // The source ends by itself, with this.
    void expect_source_error(ErrorCode code, const std::string& part) {
        road_->connect();
        road_->join();
        ASSERT_TRUE(road_->source_error());
        EXPECT_EQ(road_->source_error()->code(), code) << road_->source_error()->message();
        EXPECT_NE(road_->source_error()->message().find(part), std::string::npos)
            << road_->source_error()->message();
    }

    std::unique_ptr<PostgresServer> primary_;
    std::unique_ptr<PostgresServer> secondary_;
    std::unique_ptr<DatabaseRoad> road_;
};

TEST_F(DatabaseSourceTest, RefusesAServerThatDoesNotDecode) {
    PostgresSettings settings;
    settings.parameters = {{"wal_level", "replica"}};
    start(settings);
    expect_source_error(ErrorCode::database_refused, "wal_level");
}

TEST_F(DatabaseSourceTest, RefusesAServerWithoutSlots) {
    PostgresSettings settings;
    settings.parameters = {{"max_replication_slots", "0"}};
    start(settings);
    expect_source_error(ErrorCode::database_refused, "max_replication_slots");
}

TEST_F(DatabaseSourceTest, RefusesARoleThatMayNotReplicate) {
    start();
    origin("CREATE ROLE app LOGIN");
    road_->origin.connection += " user=app";
    expect_source_error(ErrorCode::database_refused, "REPLICATION");
    origin("ALTER ROLE app REPLICATION");
    expect_source_error(ErrorCode::database_refused, "GRANT CREATE");
    road_->origin.connection = primary_->conninfo("nosuch");
    expect_source_error(ErrorCode::database_refused, "nosuch");
}

// No statement of the application fails while tables get published, lose their keys, get others.
TEST_F(DatabaseSourceTest, IsAGuest) {
    start();
    origin("CREATE TABLE keyless (a int); CREATE TABLE keyed (id int PRIMARY KEY, n int)");
    origin("CREATE TABLE deferred (id int PRIMARY KEY DEFERRABLE, n int)");
    origin(
        "CREATE TABLE gone (id int NOT NULL, n int); CREATE UNIQUE INDEX gone_i ON gone (id);"
        "ALTER TABLE gone REPLICA IDENTITY USING INDEX gone_i");
    origin(
        "INSERT INTO keyless VALUES (1); INSERT INTO keyed VALUES (1, 1), (2, 2);"
        "INSERT INTO deferred VALUES (1, 1); INSERT INTO gone VALUES (1, 1)");
    road_->connect();
    road_->cut_and_apply();
    for (const std::string table : {"keyless", "keyed", "deferred", "gone"}) {
        origin("UPDATE " + table + " SET " + (table == "keyless" ? "a" : "n") + " = 5");
    }
    origin(
        "BEGIN; ALTER TABLE keyed DROP CONSTRAINT keyed_pkey; UPDATE keyed SET n = 6;"
        "DELETE FROM keyed WHERE id = 2; COMMIT");
    origin("DROP INDEX gone_i; UPDATE gone SET n = 7");
    origin("CREATE TABLE later (a int); INSERT INTO later VALUES (1); UPDATE later SET a = 2");
    road_->cut_and_apply();
    for (const std::string table : {"keyless", "keyed", "deferred", "gone"}) {
        expect_same(table);
    }
    expect_same("later");
}

// Without a superuser no event trigger tells of DDL.
TEST_F(DatabaseSourceTest, TakesNewTablesInAsAPlainRole) {
    start();
    (void)primary_->query("postgres",
                          "CREATE ROLE plain LOGIN REPLICATION; ALTER DATABASE origin OWNER TO "
                          "plain; GRANT pg_read_all_data TO plain");
    origin("SET ROLE plain; CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)");
    (void)secondary_->query("postgres", "CREATE ROLE plain");
    road_->origin.connection += " user=plain";
    road_->connect();
    road_->cut_and_apply();
    expect_same("item");
    primary::InsertPosition server(StreamName("shop"), road_->origin);
    const auto uncovered = server.uncovered();
    EXPECT_TRUE(std::any_of(uncovered.begin(), uncovered.end(), [](const std::string& line) {
        return line.starts_with("schema changes (DDL)");
    }));
    origin(
        "SET ROLE plain; CREATE TABLE late (a int NOT NULL DEFAULT 5, b text CHECK (b <> ''));"
        "INSERT INTO late VALUES (1, 'x'); UPDATE late SET a = 2; DELETE FROM item");
    server.adopt_tables();
    origin("INSERT INTO late VALUES (3, 'y'); UPDATE late SET a = a + 1");
    (void)road_->cut();
    std::string wanted;
    try {
        (void)road_->apply();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::ddl_pending);
        wanted = error.message();
    }
    const std::size_t begin = wanted.find("CREATE TABLE");
    ASSERT_NE(begin, std::string::npos) << wanted;
    (void)secondary_->query("replica", wanted.substr(begin, wanted.find(" -- ") - begin));
    (void)road_->apply();
    expect_same("late");
    EXPECT_EQ(secondary_->value("replica", "SELECT count(*) FROM item"), "0");
    // What can't be carried so is not carried in part.
    origin("ALTER TABLE late ADD COLUMN c int DEFAULT 4; INSERT INTO late VALUES (9, 'z', 9)");
    (void)road_->cut();
    EXPECT_THROW((void)road_->apply(), Error);
    (void)secondary_->query("replica", "ALTER TABLE late ADD COLUMN c int DEFAULT 4");
    (void)road_->apply();
    expect_same("late");
}

TEST_F(DatabaseSourceTest, NamesWhatItDoesNotCarry) {
    start();
    origin(
        "CREATE UNLOGGED TABLE fleeting (a int); CREATE TABLE logs (a int);"
        "CREATE SEQUENCE s; SELECT lo_create(0); CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a");
    road_->origin.exclude_tables = {"lo*"};
    road_->connect();
    road_->cut_and_apply();
    primary::InsertPosition probe(StreamName("shop"), road_->origin);
    const std::vector<std::string> expected{
        "1 large objects",
        "table public.fleeting: unlogged",
        "table public.logs: left out by the config",
    };
    EXPECT_EQ(probe.uncovered(), expected);
    EXPECT_EQ(secondary_->value("replica", "SELECT a FROM mv"), "1");
    EXPECT_EQ(secondary_->value("replica", "SELECT count(*) FROM pg_event_trigger"), "0");
}

// What such a trigger does to a row was done twice, and nothing said so.
TEST_F(DatabaseSourceTest, NamesTriggersThatFireInTheReplicaToo) {
    start();
    origin(
        "CREATE TABLE item (id int PRIMARY KEY, v text);"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN NEW.v := NEW.v || '!'; RETURN NEW; END$$;"
        "CREATE TRIGGER usual BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION f();"
        "CREATE TRIGGER twice BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION f();"
        "ALTER TABLE item ENABLE ALWAYS TRIGGER twice");
    road_->connect();
    road_->cut_and_apply();
    primary::InsertPosition probe(StreamName("shop"), road_->origin);
    const std::vector<std::string> expected{
        "trigger public.item.twice: ENABLE ALWAYS, so it fires in the replica too, and what it "
        "changes there may differ"};
    EXPECT_EQ(probe.uncovered(), expected);
    origin("ALTER TABLE item ENABLE TRIGGER twice; INSERT INTO item VALUES (1, 'a')");
    road_->cut_and_apply();
    EXPECT_TRUE(probe.uncovered().empty());
    EXPECT_EQ(secondary_->value("replica", "SELECT v FROM item"), "a!!");
}

TEST_F(DatabaseSourceTest, CopiesWhileTheApplicationWrites) {
    start();
    origin("CREATE TABLE item (id serial PRIMARY KEY, n int); CREATE TABLE log (what text)");
    origin("INSERT INTO item (n) SELECT i FROM generate_series(1, 20000) i");
    std::atomic<bool> ended{false};
    std::thread writer([&] {
        for (int i = 0; !ended; ++i) {
            origin("INSERT INTO item (n) VALUES (1); UPDATE item SET n = n + 1 WHERE id % 50 = " +
                   std::to_string(i % 50) + "; INSERT INTO log VALUES ('" + std::to_string(i) +
                   "')");
        }
    });
    road_->connect();
    for (int i = 0; i < 10; ++i) {
        road_->cut_and_apply();
    }
    ended = true;
    writer.join();
    road_->cut_and_apply();
    expect_same("item");
    expect_same("log");
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(DatabaseSourceTest, GoesOnAfterEitherServerWasKilled) {
    PostgresSettings settings;
    settings.fsync = true;
    start(settings);
    origin("CREATE TABLE item (id serial PRIMARY KEY, n int)");
    road_->connect();
    road_->cut_and_apply();
    for (int round = 0; round < 3; ++round) {
        origin("INSERT INTO item (n) SELECT i FROM generate_series(1, 500) i");
        (void)road_->cut();
        origin("UPDATE item SET n = n + 1");
        primary_->kill();
        road_->join();
        EXPECT_EQ(road_->source_error().value().code(), ErrorCode::database_unavailable);
        primary_->start();
        secondary_->kill();
        EXPECT_THROW((void)road_->apply(), Error);
        secondary_->start();
        road_->connect();
        road_->cut_and_apply();
        expect_same("item");
    }
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(DatabaseSourceTest, LetsItsServerShutDown) {
    start();
    origin("CREATE TABLE item (id int PRIMARY KEY)");
    road_->connect();
    road_->cut_and_apply();
    origin("INSERT INTO item VALUES (1)");  // decoded, not confirmed
    primary_->stop();                       // waits for the walsender
    road_->join();
    primary_->start();
    road_->connect();
    road_->cut_and_apply();
    expect_same("item");
}

TEST_F(DatabaseSourceTest, SaysGapWhenTheSlotIsGoneOrElsewhere) {
    start();
    origin("CREATE TABLE item (id int PRIMARY KEY)");
    road_->connect();
    road_->cut_and_apply();
    road_->disconnect();
    road_->origin.recopy = config::Recopy::manual;
    const std::string slot = on_origin("SELECT slot_name FROM pg_replication_slots");
    origin("INSERT INTO item VALUES (1)");
    origin("SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_lsn())");
    expect_source_error(ErrorCode::database_gap, "past the received position");
    origin("SELECT pg_drop_replication_slot('" + slot + "')");
    expect_source_error(ErrorCode::database_gap, "gone");
    origin("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    expect_source_error(ErrorCode::database_gap, "past the received position");
}

TEST_F(DatabaseSourceTest, AGapIsClosedByANewCopyThatKeepsOldRowsUntilNewOnesAreThere) {
    start();
    origin(
        "CREATE TABLE item (id int PRIMARY KEY, n int); CREATE TABLE part (item int REFERENCES "
        "item)");
    origin(
        "INSERT INTO item SELECT i, i FROM generate_series(1, 100) i; INSERT INTO part VALUES (7)");
    road_->connect();
    road_->cut_and_apply();
    road_->disconnect();
    const std::string index = secondary_->value("replica", "SELECT 'item_pkey'::regclass::oid");
    origin("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    origin("UPDATE item SET n = -1 WHERE id > 50; DELETE FROM part");
    expect_source_error(ErrorCode::database_gap, "gone");
    EXPECT_EQ(road_->copy_needed.value_or(""), "the replication slot is gone");
    EXPECT_EQ(secondary_->value("replica", "SELECT count(*) FROM item"), "100");
    road_->restart_secondary();
    road_->connect();
    road_->cut_and_apply();
    expect_same("item");
    expect_same("part");
    // The same schema: nothing was dropped and made again.
    EXPECT_EQ(secondary_->value("replica", "SELECT 'item_pkey'::regclass::oid"), index);
    origin("SELECT 1; UPDATE item SET n = 5 WHERE id = 1; INSERT INTO part VALUES (9)");
    road_->cut_and_apply();
    expect_same("item");
    expect_same("part");
}

TEST_F(DatabaseSourceTest, AGapOverWhichTheSchemaChangedIsClosedToo) {
    start();
    origin("CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item VALUES (1, 1)");
    road_->connect();
    road_->cut_and_apply();
    road_->disconnect();
    origin("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    origin(
        "ALTER TABLE item ADD v text; CREATE TABLE more (id int PRIMARY KEY);"
        "INSERT INTO item VALUES (2, 2, 'two'); INSERT INTO more VALUES (3)");
    expect_source_error(ErrorCode::database_gap, "gone");
    road_->connect();
    road_->cut_and_apply();
    expect_same("item");
    expect_same("more");
}

TEST_F(DatabaseSourceTest, AnswersItsWalsenderInTime) {
    PostgresSettings settings;
    settings.parameters = {{"wal_sender_timeout", "1500ms"}};
    start(settings);
    origin("CREATE TABLE item (id int PRIMARY KEY)");
    road_->connect();
    road_->cut_and_apply();
    const std::string pid = on_origin("SELECT pid FROM pg_stat_replication");
    std::this_thread::sleep_for(std::chrono::milliseconds(4000));
    EXPECT_EQ(on_origin("SELECT pid FROM pg_stat_replication"), pid);
    origin("INSERT INTO item VALUES (1)");
    road_->cut_and_apply();
    expect_same("item");
}

// A prepared transaction is decoded when it is committed, also in a later session.
TEST_F(DatabaseSourceTest, PreparedTransactionsPassWhenTheyAreCommitted) {
    PostgresSettings settings;
    settings.parameters = {{"max_prepared_transactions", "4"}};
    start(settings);
    origin("CREATE TABLE item (id int PRIMARY KEY, n int)");
    road_->connect();
    road_->cut_and_apply();
    origin("BEGIN; INSERT INTO item VALUES (1, 1); PREPARE TRANSACTION 'one'");
    origin("BEGIN; INSERT INTO item VALUES (2, 2); PREPARE TRANSACTION 'two'");
    origin("INSERT INTO item VALUES (3, 3)");
    road_->cut_and_apply();
    EXPECT_EQ(secondary_->value("replica", "SELECT count(*) FROM item"), "1");
    road_->disconnect();
    primary_->kill();
    primary_->start();
    road_->connect();
    road_->cut_and_apply();
    origin("COMMIT PREPARED 'one'");
    origin("ROLLBACK PREPARED 'two'");
    origin(
        "BEGIN; COMMIT; BEGIN; SAVEPOINT a; INSERT INTO item VALUES (4, 4); ROLLBACK TO a; COMMIT");
    road_->cut_and_apply();
    expect_same("item");
    EXPECT_EQ(secondary_->value("replica", "SELECT count(*) FROM item"), "2");
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(DatabaseSourceTest, AnInterruptedCopyGoesOnByTable) {
    start();
    origin(
        "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text);"
        "CREATE TABLE c (id int PRIMARY KEY, v text, a int REFERENCES a); CREATE INDEX ON b (v);"
        "INSERT INTO a SELECT i, 'a' FROM generate_series(1, 1000) i;"
        "INSERT INTO b SELECT i, repeat('b', 500) FROM generate_series(1, 30000) i;"
        "INSERT INTO c SELECT i, 'c', i FROM generate_series(1, 1000) i");
    const auto copied = [&] {
        return std::stoi(secondary_->value(
            "replica",
            "SELECT CASE WHEN to_regclass('farshore.tables') IS NULL THEN 0 ELSE"
            " (xpath('/row/c/text()', query_to_xml('SELECT count(*) AS c FROM farshore.tables',"
            " false, true, '')))[1]::text::int END"));
    };
    const auto await = [&](int count) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (copied() < count && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    };
    road_->connect();
    await(1);
    std::thread holder([&] { origin("BEGIN; LOCK TABLE c; SELECT pg_sleep(6); COMMIT"); });
    await(2);
    road_->disconnect();
    EXPECT_EQ(copied(), 2);
    EXPECT_FALSE(road_->standing().copied);
    holder.join();
    const std::string slot = on_origin("SELECT confirmed_flush_lsn FROM pg_replication_slots");
    const std::string written = secondary_->value("replica", "SELECT min(xmin::text) FROM b");
    // Changes of before the second snapshot: in c they are in its rows, in a and b they are not.
    origin(
        "UPDATE a SET v = 'changed' WHERE id <= 10; DELETE FROM b WHERE id = 5;"
        "UPDATE c SET v = 'changed' WHERE id <= 10; DELETE FROM c WHERE id > 990;"
        "INSERT INTO c VALUES (5000, 'new', 5)");
    road_->restart_secondary();
    road_->connect();
    const Lsn began = road_->standing().received;
    road_->cut_and_apply();
    EXPECT_EQ(road_->copies_begun, 2);
    EXPECT_GT(road_->standing().whole_from, began);
    // Those that pass before all tables are as of one moment are of the same cluster as the others.
    EXPECT_EQ(road_->systems, std::set<std::string>{road_->standing().system_identifier});
    EXPECT_EQ(secondary_->value("replica", "SELECT min(xmin::text) FROM b"), written);
    for (const std::string table : {"a", "b", "c"}) {
        expect_same(table);
    }
    EXPECT_EQ(secondary_->value(
                  "replica", "SELECT count(*) FROM pg_constraint WHERE conrelid = 'c'::regclass"),
              "2");
    origin("UPDATE c SET v = 'after'; UPDATE a SET v = 'after' WHERE id = 1");
    road_->cut_and_apply();
    expect_same("a");
    expect_same("c");
    EXPECT_EQ(on_origin("SELECT count(*) FROM pg_replication_slots"), "1");
    EXPECT_NE(on_origin("SELECT confirmed_flush_lsn FROM pg_replication_slots"), slot);
}

TEST_F(DatabaseSourceTest, AnInterruptedCopyBeginsAgainWhenTheSchemaHasChanged) {
    start();
    origin("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 1000)");
    origin(
        "CREATE TABLE b (id int PRIMARY KEY, v text);"
        "INSERT INTO b SELECT i, repeat('x', 500) FROM generate_series(1, 30000) i");
    road_->connect();
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    road_->disconnect();
    origin("ALTER TABLE a ADD v text DEFAULT 'new'; INSERT INTO a VALUES (5000, 'x')");
    road_->connect();
    road_->cut_and_apply();
    expect_same("a");
    expect_same("b");
}

TEST_F(DatabaseSourceTest, RefusesAReplicaThatHoldsSomething) {
    start();
    origin("CREATE TABLE item (id int PRIMARY KEY)");
    (void)secondary_->query("replica", "CREATE TABLE mine (a int); INSERT INTO mine VALUES (1)");
    EXPECT_THROW(road_->connect(), Error);
    EXPECT_EQ(secondary_->value("replica", "SELECT count(*) FROM mine"), "1");
    road_->replica.adopt = true;
    road_->connect();
    road_->cut_and_apply();
    expect_same("item");
}

TEST_F(DatabaseSourceTest, BeginsAnInterruptedCopyAgain) {
    start();
    origin("CREATE TABLE item (id int PRIMARY KEY, t text)");
    origin("INSERT INTO item SELECT i, repeat('x', 500) FROM generate_series(1, 30000) i");
    road_->connect();
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    road_->disconnect();
    road_->connect();
    road_->cut_and_apply();
    expect_same("item");
    EXPECT_EQ(on_origin("SELECT count(*) FROM pg_replication_slots"), "1");
}

TEST_F(DatabaseSourceTest, DetachLeavesNothingBehind) {
    start();
    origin("CREATE TABLE keyless (a int)");
    road_->connect();
    road_->cut_and_apply();
    EXPECT_EQ(on_origin("SELECT relreplident FROM pg_class WHERE relname = 'keyless'"), "f");
    road_->disconnect();
    const auto removed = primary::detach_database(StreamName("shop"), road_->origin);
    EXPECT_EQ(removed.size(), 9U);
    EXPECT_EQ(on_origin("SELECT (SELECT count(*) FROM pg_replication_slots)"
                        " + (SELECT count(*) FROM pg_publication)"
                        " + (SELECT count(*) FROM pg_event_trigger)"
                        " + (SELECT count(*) FROM pg_namespace WHERE nspname = 'farshore')"),
              "0");
    EXPECT_EQ(on_origin("SELECT relreplident FROM pg_class WHERE relname = 'keyless'"), "d");
    (void)secondary::detach_replica(StreamName("shop"), road_->replica);
    EXPECT_EQ(secondary_->value("replica",
                                "SELECT count(*) FROM pg_namespace WHERE nspname = 'farshore'"),
              "0");
}

}  // namespace
}  // namespace farshore::test
