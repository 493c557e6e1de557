#include "agent/secondary/postgres/transaction_applier.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/database_road.hpp"

namespace farshore::test {
namespace {

class TransactionApplierTest : public testing::Test {
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
    void expect_same(const std::string& table, const std::string& when = "") {
        const std::string sql = "SELECT t::text FROM " + table + " t ORDER BY 1";
        ASSERT_EQ(server_->query("origin", sql), server_->query("replica", sql)) << table << when;
    }
    void expect_conflict(const std::string& part) {
        try {
            (void)road_->apply();
            ADD_FAILURE() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::conflict) << error.message();
            EXPECT_NE(error.message().find(part), std::string::npos) << error.message();
        }
    }

    static std::unique_ptr<PostgresServer> server_;
    std::unique_ptr<DatabaseRoad> road_;
};

std::unique_ptr<PostgresServer> TransactionApplierTest::server_;

TEST_F(TransactionApplierTest, GathersManyTransactionsIntoOne) {
    origin("CREATE TABLE item (id int PRIMARY KEY, n int, tags text[], note varchar(9))");
    origin("INSERT INTO item SELECT i, 0, '{}', 'x' FROM generate_series(1, 500) i");
    road_->connect();
    road_->cut_and_apply();
    const std::string begun = on_replica("SELECT max(xmin::text::bigint) FROM item");
    for (int i = 0; i < 20; ++i) {
        origin("UPDATE item SET n = n + 1, tags = tags || ARRAY['a\"b\\c', NULL]");
        origin("INSERT INTO item SELECT max(id) + 1, 7, '{{1,2},{3,4}}', E'\\\\N\\t' FROM item");
    }
    (void)road_->cut();
    const auto count = road_->apply();
    expect_same("item");
    EXPECT_EQ(count.transactions, 40U);
    EXPECT_EQ(count.rows, 520U);  // not 20 times 500
    EXPECT_EQ(on_replica("SELECT count(DISTINCT xmin::text) FROM item"), "1") << begun;
    EXPECT_EQ(road_->applier().fallbacks(), 0U);
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(TransactionApplierTest, NamesTheRowOfARunThatIsMissing) {
    origin("CREATE TABLE item (id int PRIMARY KEY, n int)");
    origin("INSERT INTO item SELECT i, 0 FROM generate_series(1, 200) i");
    road_->connect();
    road_->cut_and_apply();
    replica("DELETE FROM item WHERE id = 150");
    origin("UPDATE item SET n = 1");
    origin("UPDATE item SET n = 2");
    (void)road_->cut();
    expect_conflict("update in table public.item (id = 150) at LSN ");
    EXPECT_EQ(on_replica("SELECT sum(n) FROM item"), "0");  // nothing half done
    replica("INSERT INTO item VALUES (150, 0), (201, 5)");
    origin("INSERT INTO item SELECT i, 3 FROM generate_series(201, 300) i");
    (void)road_->cut();
    expect_conflict("insert in table public.item (id = 201) at LSN ");
    replica("DELETE FROM item WHERE id = 201");
    (void)road_->apply();
    expect_same("item");
    replica("DELETE FROM item WHERE id = 77");
    origin("DELETE FROM item WHERE id > 50");
    (void)road_->cut();
    expect_conflict("delete in table public.item (id = 77) at LSN ");
    replica("INSERT INTO item VALUES (77, 2)");
    (void)road_->apply();
    expect_same("item");
    EXPECT_EQ(road_->sent, road_->applied);
}

// Values of a second unique index change hands: only the original order avoids that two rows have
// the same one.
TEST_F(TransactionApplierTest, FallsBackToTheOrderThatAUniqueIndexDemands) {
    origin("CREATE TABLE seat (id int PRIMARY KEY, place int UNIQUE)");
    origin("INSERT INTO seat SELECT i, i FROM generate_series(1, 40) i");
    road_->connect();
    road_->cut_and_apply();
    for (int i = 0; i < 3; ++i) {
        origin("UPDATE seat SET place = -1 WHERE id = 1");
        origin("UPDATE seat SET place = CASE id WHEN 2 THEN 1000 ELSE place END WHERE id < 20");
        origin("UPDATE seat SET place = 2 WHERE id = 1");
        origin("UPDATE seat SET place = 1 WHERE id = 2");
        origin("UPDATE seat SET place = 3000 WHERE id = 1; UPDATE seat SET place = 2 WHERE id = 2");
        origin("UPDATE seat SET place = 1 WHERE id = 1");
        origin("UPDATE seat SET place = -3 WHERE id = 3; UPDATE seat SET place = 3 WHERE id = 4");
        origin("UPDATE seat SET place = 4 WHERE id = 3");
        road_->cut_and_apply();
        expect_same("seat");
        origin("UPDATE seat SET place = -4 WHERE id = 4; UPDATE seat SET place = 3 WHERE id = 3");
        origin("UPDATE seat SET place = 4 WHERE id = 4");
        road_->cut_and_apply();
        expect_same("seat");
    }
    EXPECT_EQ(road_->applier().fallbacks(), 1U);  // then it is known
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(TransactionApplierTest, ShowsATriggerEveryChangeInOrder) {
    origin("CREATE TABLE item (id int PRIMARY KEY, n int); CREATE TABLE other (n int)");
    road_->connect();
    road_->cut_and_apply();
    replica(
        "CREATE TABLE seen (at serial, what text);"
        "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
        " INSERT INTO public.seen (what) VALUES (TG_OP || coalesce(NEW.n, OLD.n));"
        " RETURN NULL; END$$;"
        "CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON item FOR EACH ROW"
        " EXECUTE FUNCTION see();"
        "ALTER TABLE item ENABLE ALWAYS TRIGGER see");
    origin("INSERT INTO item VALUES (1, 1); INSERT INTO other VALUES (1)");
    origin("UPDATE item SET n = 2");
    origin("DELETE FROM item");
    road_->cut_and_apply();
    EXPECT_EQ(on_replica("SELECT string_agg(what, ' ' ORDER BY at) FROM seen"),
              "INSERT1 UPDATE2 DELETE2");
}

// Rows above limits::whole_record pass in pieces, with their values by way of a temporary table.
TEST_F(TransactionApplierTest, RowsTooLargeToBeHeldWhole) {
    origin(
        "CREATE TABLE big (id int PRIMARY KEY, n int, body text, raw bytea, c varchar, d jsonb);"
        "ALTER TABLE big ALTER body SET STORAGE EXTERNAL;"
        "CREATE TABLE whole (id int PRIMARY KEY, body text);"
        "ALTER TABLE whole REPLICA IDENTITY FULL;"
        "CREATE TABLE bare (body text, n int);"
        "CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)");
    road_->connect();
    road_->cut_and_apply();
    const std::string text = R"(repeat(E'a\\\\\t\n"é''' || md5('x'), 120000))";
    const auto step = [&](const std::string& sql, const std::string& table) {
        origin(sql);
        road_->cut_and_apply();
        expect_same(table, ": " + sql);
    };
    step(
        "INSERT INTO big VALUES (1, 1, 'small', NULL, 'a', '[]'); "
        "INSERT INTO big VALUES (2, 2, " +
            text + ", decode(repeat('00ff', 2000000), 'hex'), " + text + ", to_jsonb(" + text +
            ")); INSERT INTO big VALUES (3, 3, '', '', '', NULL)",
        "big");
    step("UPDATE big SET n = n + 1", "big");
    step("UPDATE big SET body = body || 'x', n = 7 WHERE id = 2", "big");
    step("UPDATE big SET id = id + 10", "big");
    step("UPDATE big SET c = NULL, body = " + text, "big");
    step("BEGIN; DELETE FROM big WHERE id = 12; INSERT INTO big (id, body) SELECT 12, " + text +
             "; UPDATE big SET body = body || 'y' WHERE id = 12; COMMIT",
         "big");
    step("INSERT INTO whole SELECT i, " + text + " FROM generate_series(1, 3) i", "whole");
    step("UPDATE whole SET body = body || 'x' WHERE id = 2", "whole");
    step("UPDATE whole SET id = 20 WHERE id = 2", "whole");
    step("DELETE FROM whole WHERE id < 20", "whole");
    step("INSERT INTO bare VALUES (" + text + ", 1), (" + text + ", 1), (" + text + ", 2)", "bare");
    step("UPDATE bare SET body = body || 'x' WHERE ctid = (SELECT min(ctid) FROM bare)", "bare");
    step("DELETE FROM bare WHERE ctid = (SELECT min(ctid) FROM bare)", "bare");
    step("INSERT INTO made (body) VALUES (" + text + ")", "made");
    step("UPDATE made SET body = body || 'x', id = DEFAULT", "made");
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(TransactionApplierTest, NamesALargeRowThatIsMissing) {
    origin(
        "CREATE TABLE whole (id int PRIMARY KEY, body text);"
        "ALTER TABLE whole REPLICA IDENTITY FULL;"
        "INSERT INTO whole VALUES (1, repeat(md5('x'), 200000))");
    road_->connect();
    road_->cut_and_apply();
    replica("UPDATE whole SET id = 2");
    origin("UPDATE whole SET body = body || 'x'");
    (void)road_->cut();
    expect_conflict("update in table public.whole (id = 1");
    replica("UPDATE whole SET id = 1");
    (void)road_->apply();
    expect_same("whole");
    EXPECT_EQ(road_->sent, road_->applied);
}

constexpr const char* many_shapes = R"(
CREATE TABLE plain (id int PRIMARY KEY, n int DEFAULT 5, t text);
CREATE TABLE two (id int PRIMARY KEY, u int UNIQUE, t text);
CREATE TABLE pair (a text, b int, n numeric(8,2), PRIMARY KEY (a, b));
CREATE TABLE bare (n int, t text);
CREATE TABLE whole (id int PRIMARY KEY, n int, t text);
ALTER TABLE whole REPLICA IDENTITY FULL;
CREATE TABLE big (id int PRIMARY KEY, n int, body text, more text[]);
ALTER TABLE big ALTER body SET STORAGE EXTERNAL;
CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int,
  twice int GENERATED ALWAYS AS (n * 2) STORED);
CREATE TABLE part (id int, n int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (50);
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (50) TO (1000);
CREATE TABLE slot (id int PRIMARY KEY, span int4range, EXCLUDE USING gist (span WITH &&));
)";

// A statement that does something to one of them; it may fail on the origin, then it did nothing.
std::string random_statement(std::mt19937& random) {
    const auto number = [&](unsigned below) { return std::to_string(random() % below); };
    const std::string id = number(80);
    const std::string n = number(1000);
    const std::string text = "repeat(md5('" + n + "'), " + number(3) + ")";
    const std::string huge = "repeat(md5('" + n + "'), " + number(200) + ")";
    const std::string some = " WHERE id % " + std::to_string(2 + random() % 9) + " = 0";
    const std::vector<std::string> statements = {
        "INSERT INTO plain (id, t) VALUES (" + id + ", " + text + ")",
        "INSERT INTO plain SELECT i, " + n + ", NULL FROM generate_series(100, 100 + " + id +
            ") i ON CONFLICT DO NOTHING",
        "UPDATE plain SET n = " + n + some,
        "UPDATE plain SET id = id + 1000" + some + " AND id < 100",
        "UPDATE plain SET id = " + id + " WHERE id = (SELECT min(id) FROM plain)",
        "DELETE FROM plain" + some,
        "INSERT INTO two VALUES (" + id + ", " + n + ", 'x')",
        "UPDATE two SET u = u + 1000, t = " + text + some,
        "UPDATE two SET u = -u",
        "UPDATE two SET u = " + n + " WHERE id = " + id,
        "DELETE FROM two WHERE id = " + id,
        "INSERT INTO pair SELECT 'k' || i, " + id +
            ", i / 3.0 FROM generate_series(1, 30) i"
            " ON CONFLICT (a, b) DO UPDATE SET n = pair.n + 1",
        "UPDATE pair SET n = NULL WHERE b = " + id,
        "UPDATE pair SET a = a || 'x' WHERE b = " + id,
        "DELETE FROM pair WHERE b < " + id,
        "INSERT INTO bare SELECT i % 3, NULL FROM generate_series(1, " + id + ") i",
        "UPDATE bare SET t = " + text + " WHERE ctid = (SELECT min(ctid) FROM bare)",
        "DELETE FROM bare WHERE ctid IN (SELECT ctid FROM bare LIMIT 3)",
        "INSERT INTO whole VALUES (" + id + ", " + n + ", " + huge + ")",
        "UPDATE whole SET n = n + 1" + some,
        "UPDATE whole SET id = id + 200 WHERE id = " + id,
        "DELETE FROM whole WHERE id = " + id,
        "INSERT INTO big VALUES (" + id + ", " + n + ", " + huge + ", ARRAY[" + text + ", NULL])",
        "UPDATE big SET n = n + 1" + some,
        "UPDATE big SET body = " + huge + " WHERE id = " + id,
        "UPDATE big SET id = id + 300 WHERE id = " + id,
        "DELETE FROM big" + some,
        "INSERT INTO made (n) SELECT i FROM generate_series(1, 5) i",
        "UPDATE made SET n = n + 1" + some,
        "UPDATE made SET id = DEFAULT WHERE id = " + id,
        "DELETE FROM made WHERE id % 7 = 0",
        "INSERT INTO part VALUES (" + id + ", " + n + ")",
        "UPDATE part SET id = id + 50 WHERE id = " + id,
        "UPDATE part SET n = n + 1" + some,
        "DELETE FROM part WHERE id = " + id,
        "INSERT INTO slot VALUES (" + id + ", int4range(" + n + ", " + n + " + 20))",
        "UPDATE slot SET span = int4range(lower(span) + 30, upper(span) + 30) WHERE id = " + id,
        "DELETE FROM slot" + some,
        random() % 10 == 0 ? "TRUNCATE part, bare" : "DELETE FROM bare WHERE n = 1 AND t IS NULL",
        random() % 10 == 0 ? "TRUNCATE made RESTART IDENTITY" : "UPDATE plain SET t = NULL" + some,
    };
    return statements[random() % statements.size()];
}

// A block of statements in one transaction; those that fail leave nothing behind.
std::string random_transaction(std::mt19937& random) {
    std::string block;
    const auto length = 1 + random() % 6;
    for (auto i = 0UL; i < length; ++i) {
        block += "BEGIN " + random_statement(random) + "; EXCEPTION WHEN OTHERS THEN NULL; END; ";
    }
    return block + "COMMIT; ";
}

// The same rounds every time.
TEST_F(TransactionApplierTest, RandomChangesComeToTheSame) {
    constexpr unsigned rounds = 25;
    constexpr unsigned transactions = 80;
    origin(many_shapes);
    road_->connect();
    road_->cut_and_apply();
    std::mt19937 random(20261125);
    for (unsigned round = 0; round < rounds; ++round) {
        std::string body;
        for (unsigned i = 0; i < transactions; ++i) {
            body += random_transaction(random);
        }
        origin("DO $body$ BEGIN " + body + "END $body$");
        road_->cut_and_apply();
        for (const std::string table :
             {"plain", "two", "pair", "bare", "whole", "big", "made", "part1", "part2", "slot"}) {
            expect_same(table, " in round " + std::to_string(round));
        }
    }
    EXPECT_EQ(road_->sent, road_->applied);
}

}  // namespace
}  // namespace farshore::test
