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
    void expect_same(const std::string& table) {
        const std::string sql = "SELECT t::text FROM " + table + " t ORDER BY 1";
        EXPECT_EQ(server_->query("origin", sql), server_->query("replica", sql)) << table;
    }
    void expect_error(ErrorCode code, const std::string& part) {
        try {
            (void)road_->apply();
            ADD_FAILURE() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code) << error.message();
            EXPECT_NE(error.message().find(part), std::string::npos) << error.message();
        }
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

// Rows that came between would be left out in silence: the spool has let go of them.
TEST_F(DatabaseApplierTest, AReplicaThatWasPutBackIsNotGoneOnWith) {
    origin("CREATE TABLE item (id int PRIMARY KEY)");
    road_->connect();
    road_->cut_and_apply();
    const std::string before = on_replica("SELECT lsn FROM farshore.progress");
    origin("INSERT INTO item VALUES (1)");
    road_->cut_and_apply();
    const Lsn committed = road_->applier().progress();
    EXPECT_EQ(to_string(committed), on_replica("SELECT lsn FROM farshore.progress"));
    road_->restart_secondary();
    replica("DELETE FROM item; UPDATE farshore.progress SET lsn = '" + before + "'");
    road_->connect();
    origin("INSERT INTO item VALUES (2)");
    (void)road_->cut();
    road_->applier().expect(committed);
    expect_error(ErrorCode::replica_altered, "put back");
    EXPECT_EQ(on_replica("SELECT count(*) FROM item"), "0");
}

// A copy of another cluster may stand at a lower position than the replica did before it.
TEST_F(DatabaseApplierTest, ANewSessionReadsAnewWhereTheReplicaIs) {
    origin("CREATE TABLE item (id int PRIMARY KEY)");
    road_->connect();
    road_->cut_and_apply();
    const std::string right = on_replica("SELECT lsn FROM farshore.progress");
    replica("UPDATE farshore.progress SET lsn = 'F/0'");
    road_->restart_secondary();
    road_->connect();
    origin("SELECT pg_logical_emit_message(true, 'x', 'x')");
    road_->cut_and_apply();
    EXPECT_EQ(to_string(road_->applier().progress()), "F/0");
    road_->disconnect();
    replica("UPDATE farshore.progress SET lsn = '" + right + "'");
    road_->connect();
    origin("INSERT INTO item VALUES (1)");
    road_->cut_and_apply();
    expect_same("item");
}

// One column of every built-in type that a table can have.
constexpr const char* every_type = R"(
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TABLE every (id int PRIMARY KEY,
  c_bool bool, c_bytea bytea, c_char "char", c_name name, c_int8 int8, c_int2 int2,
  c_int2vector int2vector, c_regproc regproc, c_text text, c_oid oid, c_tid tid, c_xid xid,
  c_cid cid, c_oidvector oidvector, c_json json, c_xml xml, c_xid8 xid8, c_point point, c_lseg lseg,
  c_path path, c_box box, c_polygon polygon, c_line line, c_float4 float4, c_float8 float8,
  c_circle circle, c_money money, c_macaddr macaddr, c_inet inet, c_cidr cidr,
  c_macaddr8 macaddr8, c_aclitem aclitem, c_bpchar char(10), c_varchar varchar(20), c_date date,
  c_time time, c_timestamp timestamp, c_timestamptz timestamptz, c_interval interval,
  c_timetz timetz, c_bit bit(5), c_varbit bit varying(9), c_numeric numeric,
  c_numeric2 numeric(9,2),
  c_refcursor refcursor, c_regtype regtype, c_regclass regclass, c_uuid uuid, c_pg_lsn pg_lsn,
  c_tsvector tsvector, c_tsquery tsquery, c_jsonb jsonb, c_jsonpath jsonpath,
  c_snapshot pg_snapshot, c_int4range int4range, c_numrange numrange, c_tsrange tsrange,
  c_daterange daterange, c_multi int4multirange, c_array int[], c_texts text[][], c_mood mood,
  c_moods mood[], c_pair pair, c_positive positive,
  c_generated int GENERATED ALWAYS AS (id * 2) STORED);
)";

constexpr const char* every_value = R"(
INSERT INTO every VALUES (1,
  true, '\x00ff10', 'x', 'a name', 9223372036854775807, -32768, '1 2 3', 'pg_catalog.now',
  E'tab\tline\nback\\slash ''quote'' "double" \u00fc\U0001F600', 4294967295, '(1,2)', '7', '8',
  '1 2', '{"a" :  1}', '<a>b</a>', '9', '(1.5,2)', '[(0,0),(1,1)]', '((0,0),(1,1))',
  '((1,1),(0,0))',
  '((0,0),(1,1),(2,0))', '{1,2,3}', '1.1', '-0', '<(0,0),2>', '-1234.56', '08:00:2b:01:02:03',
  '10.1.2.3/8', '10.0.0.0/8', '08:00:2b:01:02:03:04:05', 'postgres=r/postgres', 'ab', 'varchar ',
  '4713-01-01 BC', '24:00:00', 'infinity', '2026-11-22 12:00:00.123456+05',
  '-1 year 2 mons -3 days',
  '12:00:00+05:30', B'10101', B'101', 'NaN', 12.30, 'cursor', 'mood', 'every',
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'A/B', 'a:1A b', 'a & !b', '{"z": 1, "a": [1.0, null]}',
  '$.a[*]', '10:20:10,14', '[1,5)', '(,2.5]', '["2026-01-01","2026-02-01")', 'empty',
  '{[1,2), [5,9)}', '[2:4]={1,NULL,3}', '{{"a,b","c\"d"},{NULL,""}}', 'happy', '{sad,ok}',
  '(5,"x, y")', 3);
INSERT INTO every (id, c_float4, c_float8, c_numeric, c_text, c_texts, c_timestamptz)
  VALUES (2, 'NaN', '1e308', '1.500', '', '{}', '-infinity'), (3, 'Infinity',
  0.1 + 0.2, 123456789012345678901234567890.000100, 'NULL', '{NULL,"NULL"}', '0044-03-15 BC');
)";

TEST_F(DatabaseApplierTest, CarriesEveryType) {
    origin(every_type);
    origin(every_value);
    road_->connect();
    road_->cut_and_apply();
    expect_same("every");
    origin("DELETE FROM every");
    origin(every_value);
    road_->cut_and_apply();
    expect_same("every");
    EXPECT_EQ(on_replica("SELECT sum(c_generated) FROM every"), "12");
    // By the whole row, with every type compared.
    origin("ALTER TABLE every REPLICA IDENTITY FULL");
    replica("ALTER TABLE every DROP CONSTRAINT every_pkey");
    origin("UPDATE every SET c_text = 'other', c_int8 = 1");
    origin("DELETE FROM every WHERE id = 2");
    road_->cut_and_apply();
    expect_same("every");
    EXPECT_EQ(road_->sent, road_->applied);
}

// It said that all is copied anew by itself, and waited for ever.
TEST_F(DatabaseApplierTest, TellsWhatToDoWhenTheProgressIsGone) {
    origin("CREATE TABLE item (id int PRIMARY KEY)");
    road_->connect();
    road_->cut_and_apply();
    replica("TRUNCATE farshore.progress");
    origin("INSERT INTO item VALUES (1)");
    (void)road_->cut();
    expect_error(ErrorCode::database_unavailable, "it is read again");
    expect_error(ErrorCode::replica_altered, "drop this replica's slot");
}

TEST_F(DatabaseApplierTest, KeepsUnchangedToast) {
    origin("CREATE TABLE big (id int PRIMARY KEY, n int, body text)");
    origin("ALTER TABLE big ALTER body SET STORAGE EXTERNAL");
    origin("CREATE TABLE nokey (n int, body text)");
    origin("ALTER TABLE nokey ALTER body SET STORAGE EXTERNAL");
    road_->connect();
    road_->cut_and_apply();
    for (const std::string table : {"big", "nokey"}) {
        const std::string columns = table == "big" ? "(id, n, body)" : "(n, body)";
        const std::string values = table == "big" ? "i, i, " : "i, ";
        origin("INSERT INTO " + table + " " + columns + " SELECT " + values +
               "repeat(md5(i::text), 2000) FROM generate_series(1, 5) i");
        origin("UPDATE " + table + " SET n = n + 10");
        origin("UPDATE " + table + " SET body = NULL WHERE n = 11");
    }
    origin("UPDATE big SET id = id + 100");
    road_->cut_and_apply();
    expect_same("big");
    expect_same("nokey");
}

TEST_F(DatabaseApplierTest, TableWithoutKeyAndWithDuplicates) {
    origin("CREATE TABLE dup (a int, b text)");
    origin("INSERT INTO dup SELECT 1, 'same' FROM generate_series(1, 5)");
    road_->connect();
    road_->cut_and_apply();
    origin("INSERT INTO dup VALUES (1, 'same'), (2, NULL), (2, NULL)");
    origin("UPDATE dup SET b = 'one' WHERE ctid = (SELECT min(ctid) FROM dup WHERE b = 'same')");
    origin("DELETE FROM dup WHERE ctid = (SELECT max(ctid) FROM dup WHERE b IS NULL)");
    origin("UPDATE dup SET a = a + 1 WHERE b IS NULL");
    road_->cut_and_apply();
    expect_same("dup");
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(DatabaseApplierTest, KeysIdentitiesAndTruncate) {
    origin("CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int)");
    origin("CREATE TABLE child (p int REFERENCES parent ON UPDATE CASCADE, x int PRIMARY KEY)");
    origin("CREATE TABLE other (id int PRIMARY KEY, seq int GENERATED ALWAYS AS IDENTITY, t text)");
    origin(
        "CREATE TABLE \"Odd \"\"Name\" (\"Key \"\"1\" text, \"select\" int,"
        " PRIMARY KEY (\"Key \"\"1\", \"select\"))");
    road_->connect();
    road_->cut_and_apply();
    origin("INSERT INTO parent (n) SELECT i FROM generate_series(1, 10) i");
    origin("INSERT INTO child SELECT i, i FROM generate_series(1, 5) i");
    origin("INSERT INTO other (id, t) SELECT i, 'x' FROM generate_series(1, 5) i");
    origin("INSERT INTO \"Odd \"\"Name\" VALUES ('a''b', 1), ('a''b', 2)");
    origin("UPDATE \"Odd \"\"Name\" SET \"select\" = \"select\" + 10");
    origin("UPDATE parent SET n = -n");
    origin("UPDATE parent SET id = DEFAULT WHERE id = 3");
    origin("UPDATE other SET seq = DEFAULT, t = 'y' WHERE id = 2");
    origin("UPDATE other SET id = 50 WHERE id = 4");
    road_->cut_and_apply();
    for (const std::string table : {"parent", "child", "other", "\"Odd \"\"Name\""}) {
        expect_same(table);
    }
    origin("TRUNCATE parent, child RESTART IDENTITY; INSERT INTO parent (n) VALUES (7)");
    origin("TRUNCATE other CASCADE");
    road_->cut_and_apply();
    for (const std::string table : {"parent", "child", "other"}) {
        expect_same(table);
    }
}

TEST_F(DatabaseApplierTest, PartitionsInheritanceAndSchemas) {
    origin(
        "CREATE SCHEMA s; CREATE TABLE s.p (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE "
        "(id)");
    origin("CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES FROM (0) TO (100)");
    origin("CREATE TABLE s.p2 PARTITION OF s.p FOR VALUES FROM (100) TO (200)");
    origin("CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE derived (x int) INHERITS (base)");
    origin("INSERT INTO s.p VALUES (1, 'a'), (150, 'b')");
    origin("INSERT INTO base VALUES (1); INSERT INTO derived VALUES (1, 2), (1, 2)");
    road_->connect();
    road_->cut_and_apply();
    origin("UPDATE s.p SET id = id + 100 WHERE id = 1");
    origin("UPDATE base SET id = 5");
    origin("DELETE FROM s.p2 WHERE id = 150");
    road_->cut_and_apply();
    for (const std::string table : {"s.p1", "s.p2", "ONLY base", "derived"}) {
        expect_same(table);
    }
}

TEST_F(DatabaseApplierTest, StopsAtAConflictAndGoesOnWhenItIsSettled) {
    origin("CREATE TABLE item (id int PRIMARY KEY, name text)");
    origin("INSERT INTO item VALUES (1, 'a'), (2, 'b')");
    road_->connect();
    road_->cut_and_apply();
    replica("DELETE FROM item WHERE id = 2");
    origin("INSERT INTO item VALUES (3, 'c'); UPDATE item SET name = 'B' WHERE id = 2");
    (void)road_->cut();
    expect_error(ErrorCode::conflict, "public.item (id = 2)");
    EXPECT_EQ(on_replica("SELECT count(*) FROM item"), "1");  // nothing half done
    replica("INSERT INTO item VALUES (2, 'b')");
    (void)road_->apply();
    expect_same("item");
    replica("INSERT INTO item VALUES (4, 'mine')");
    origin("INSERT INTO item VALUES (4, 'theirs')");
    (void)road_->cut();
    expect_error(ErrorCode::conflict, "id = 4");
    replica("DELETE FROM item WHERE id = 4");
    (void)road_->apply();
    expect_same("item");
}

TEST_F(DatabaseApplierTest, WaitsForDdl) {
    origin("CREATE TABLE item (id int PRIMARY KEY, name text, extra int)");
    road_->connect();
    road_->cut_and_apply();
    replica("ALTER TABLE item DROP COLUMN extra");
    origin("INSERT INTO item VALUES (1, 'a', 5)");
    (void)road_->cut();
    expect_error(ErrorCode::ddl_pending, "column extra of table public.item");
    replica("ALTER TABLE item ADD COLUMN extra int");
    (void)road_->apply();
    expect_same("item");
}

// Rows that are in the replica before their cut are told with it, and not applied again.
TEST_F(DatabaseApplierTest, AppliesAheadOfTheCut) {
    origin("CREATE TABLE tally (n int)");
    road_->connect();
    road_->cut_and_apply();
    std::size_t rows = 0;
    const auto arrives = [&] {
        origin("INSERT INTO tally SELECT generate_series(1, 3)");
        rows += 3;
        for (int i = 0;
             i < 5'000 && on_replica("SELECT count(*) FROM tally") != std::to_string(rows); ++i) {
            road_->apply_ahead();
        }
        ASSERT_EQ(on_replica("SELECT count(*) FROM tally"), std::to_string(rows));
    };
    for (int round = 0; round < 3; ++round) {
        arrives();
        arrives();
        road_->cut_and_apply();
        arrives();
        // What was not received comes again, and is there already.
        if (round == 0) {
            road_->disconnect();
        } else {
            road_->restart_secondary();
        }
        road_->connect();
        arrives();
    }
    origin("UPDATE tally SET n = n + 1");
    road_->cut_and_apply();
    expect_same("tally");
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(DatabaseApplierTest, EndsAheadOfTheCutWhenSomebodyWaits) {
    origin("CREATE TABLE tally (n int)");
    road_->connect();
    road_->cut_and_apply();
    for (int i = 0; i < 10; ++i) {
        origin("INSERT INTO tally VALUES (" + std::to_string(i) + ")");
    }
    (void)road_->cut();
    road_->apply_ahead([] { return true; });
    EXPECT_EQ(on_replica("SELECT count(*) FROM tally"), "1");
    road_->apply_ahead([] { return true; });
    EXPECT_EQ(on_replica("SELECT count(*) FROM tally"), "2");
    (void)road_->apply();
    expect_same("tally");
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(DatabaseApplierTest, NeverAppliesTwice) {
    origin("CREATE TABLE tally (n int)");
    road_->connect();
    road_->cut_and_apply();
    for (int i = 0; i < 5; ++i) {
        origin("INSERT INTO tally SELECT generate_series(1, 3)");
        (void)road_->cut();
        (void)road_->apply();
        // The secondary forgets that it has applied: its replica has not.
        road_->restart_secondary();
        road_->connect();
    }
    origin("UPDATE tally SET n = n + 1");
    road_->cut_and_apply();
    expect_same("tally");
    EXPECT_EQ(on_replica("SELECT count(*) FROM tally"), "15");
    EXPECT_EQ(road_->sent, road_->applied);
}

TEST_F(DatabaseApplierTest, ReceivedButNotAppliedSurvivesARestart) {
    origin("CREATE TABLE item (id int PRIMARY KEY, name text)");
    road_->connect();
    road_->cut_and_apply();
    origin("INSERT INTO item VALUES (1, 'a')");
    (void)road_->cut();
    road_->restart_secondary();
    (void)road_->apply();
    expect_same("item");
}

TEST_F(DatabaseApplierTest, LargeTransactionAndLargeRows) {
    origin("CREATE TABLE item (id int PRIMARY KEY, body text)");
    road_->connect();
    road_->cut_and_apply();
    origin("INSERT INTO item SELECT i, repeat('x', 200) FROM generate_series(1, 50000) i");
    origin("INSERT INTO item VALUES (-1, repeat('large', 500000))");
    const auto range = road_->cut();
    EXPECT_GT(range.end, range.begin);
    (void)road_->apply();
    const std::string sum =
        "SELECT count(*), sum(length(body)), md5(string_agg(body, '' ORDER BY id))"
        " FROM item";
    EXPECT_EQ(server_->query("origin", sum), server_->query("replica", sum));
}

}  // namespace
}  // namespace farshore::test
