#include "agent/secondary/postgres/ddl_applier.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/database_road.hpp"
#include "tests/support/process.hpp"

namespace farshore::test {
namespace {

// A string is what a client sends at once: one transaction where it has no BEGIN of its own.
struct DdlCase {
    const char* name;
    std::vector<const char*> strings;
};

const std::vector<DdlCase> table_cases{
    {"a new table, from its first row",
     {"CREATE TABLE a (id serial PRIMARY KEY, t text); INSERT INTO a (t) VALUES ('x'), ('y')",
      "UPDATE a SET t = 'z' WHERE id = 2; DELETE FROM a WHERE id = 1"}},
    {"a table without a key, changed at once",
     {"CREATE TABLE bare (n int); INSERT INTO bare VALUES (1), (1), (2); UPDATE bare SET n = 3"
      " WHERE n = 2; DELETE FROM bare WHERE n = 3",
      "UPDATE bare SET n = n + 1"}},
    {"a key that comes later",
     {"ALTER TABLE bare ADD COLUMN id serial", "ALTER TABLE bare ADD PRIMARY KEY (id)",
      "UPDATE bare SET n = 7; INSERT INTO bare VALUES (8)"}},
    {"several statements in one string",
     {"CREATE TABLE m1 (a int PRIMARY KEY); INSERT INTO m1 VALUES (1); CREATE TABLE m2 (b int "
      "PRIMARY KEY); INSERT INTO m2 VALUES (2); ALTER TABLE m1 ADD COLUMN c int; UPDATE m1 SET "
      "c = 4; ALTER TABLE m2 RENAME TO m3; CREATE INDEX ON m3 (b); INSERT INTO m3 VALUES (9)"}},
    {"a rollback to a savepoint in one string",
     {"BEGIN; CREATE TABLE s1 (a int); SAVEPOINT s; CREATE TABLE s2 (a int); ROLLBACK TO s; "
      "CREATE TABLE s3 (a int); INSERT INTO s3 VALUES (3); COMMIT"}},
    {"as a query",
     {"CREATE TABLE q AS SELECT i AS id, 'n' || i AS t FROM "
      "generate_series(1, 2000) i",
      "SELECT id, t INTO q2 FROM q WHERE id < 5; UPDATE q2 SET t = 'u'",
      "CREATE TABLE q3 WITH (fillfactor = 50) AS TABLE q2 WITH NO DATA",
      "CREATE TABLE IF NOT EXISTS q3 AS SELECT 1", "CREATE TABLE q4 AS SELECT"}},
    {"columns",
     {"ALTER TABLE old ADD COLUMN n int DEFAULT 5, ADD COLUMN at timestamptz DEFAULT "
      "clock_timestamp(), ADD COLUMN stable timestamptz DEFAULT now()",
      "INSERT INTO old VALUES (2, 'b')", "ALTER TABLE old DROP COLUMN n",
      "ALTER TABLE old ADD COLUMN r float8 DEFAULT random()",
      "ALTER TABLE old ALTER t TYPE int USING length(t)", "UPDATE old SET t = t + 1",
      "ALTER TABLE old RENAME t TO \"T t\"",
      "ALTER TABLE old ADD COLUMN g int GENERATED ALWAYS AS (id * 2) STORED",
      "ALTER TABLE old ADD COLUMN i int GENERATED ALWAYS AS IDENTITY",
      "INSERT INTO old (id) VALUES (3); ALTER TABLE old ALTER r TYPE numeric",
      "ALTER TABLE old ALTER r SET NOT NULL, ALTER r DROP DEFAULT"}},
    {"renamed, moved, dropped and made again in one transaction",
     {"CREATE SCHEMA \"S 1\"; ALTER TABLE old SET SCHEMA \"S 1\"; INSERT INTO \"S 1\".old (id,"
      " r) VALUES (4, 1); ALTER TABLE \"S 1\".old RENAME TO \"Old\"",
      "BEGIN; DROP TABLE \"S 1\".\"Old\"; CREATE TABLE \"S 1\".\"Old\" (k text PRIMARY KEY); "
      "INSERT INTO \"S 1\".\"Old\" VALUES ('k'); COMMIT",
      "SET search_path = \"S 1\"; CREATE TABLE here (a int); INSERT INTO here VALUES (1)",
      "DROP SCHEMA \"S 1\" CASCADE"}},
    // pgoutput went on with the names that it had told: rows went to the other table, or nowhere.
    {"schemas renamed and exchanged when rows of their tables have come",
     {"CREATE SCHEMA x; CREATE TABLE x.t (id int PRIMARY KEY); CREATE SCHEMA y; CREATE TABLE y.t "
      "(id "
      "int PRIMARY KEY)",
      "INSERT INTO x.t VALUES (1); INSERT INTO y.t VALUES (2)", "ALTER SCHEMA x RENAME TO z",
      "INSERT INTO z.t VALUES (3)", "INSERT INTO z.t VALUES (4); INSERT INTO y.t VALUES (5)",
      "BEGIN; ALTER SCHEMA z RENAME TO w; ALTER SCHEMA y RENAME TO z; ALTER SCHEMA w RENAME TO y; "
      "INSERT INTO z.t VALUES (6); INSERT INTO y.t VALUES (7); COMMIT",
      "INSERT INTO z.t VALUES (8); INSERT INTO y.t VALUES (9)"}},
    {"the exchanged ones dropped", {"DROP SCHEMA y, z CASCADE"}},
    {"temporary and unlogged",
     {"CREATE TEMP TABLE t (a int); GRANT SELECT ON t TO app; CREATE INDEX ON t (a); INSERT "
      "INTO t VALUES (1); ALTER TABLE t ADD b int; CREATE TEMP VIEW v AS SELECT * FROM t; "
      "COMMENT ON TABLE t IS 'x'; CREATE TABLE from_temp AS TABLE t; DROP TABLE t CASCADE",
      "CREATE UNLOGGED TABLE u (a int); INSERT INTO u VALUES (1)", "ALTER TABLE u SET LOGGED",
      "INSERT INTO u VALUES (2); UPDATE u SET a = 3", "ALTER TABLE u SET UNLOGGED",
      "ALTER TABLE q SET UNLOGGED; ALTER TABLE q SET LOGGED", "DELETE FROM q WHERE id > 100"}},
    {"truncates between",
     {"BEGIN; TRUNCATE q2; ALTER TABLE q2 ADD z int; INSERT INTO q2 VALUES (1, 'x', 2); "
      "TRUNCATE q2; INSERT INTO q2 VALUES (2, 'y', 3); COMMIT"}},
    {"1,600 columns",
     {"DO $$ BEGIN EXECUTE 'CREATE TABLE wide (' || (SELECT string_agg('c' || "
      "i || ' int', ',') FROM generate_series(1, 1600) i) || ')'; END $$",
      "INSERT INTO wide (c1, c1600) VALUES (1, 2); UPDATE wide SET c800 = 5"}},
};

const std::vector<DdlCase> partition_cases{
    {"partitions",
     {"CREATE TABLE p (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (d)",
      "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO "
      "('2026-02-01'); CREATE TABLE p2 PARTITION OF p DEFAULT PARTITION BY HASH "
      "(id); CREATE TABLE p2a PARTITION OF p2 FOR VALUES WITH (MODULUS 2, "
      "REMAINDER 0); CREATE TABLE p2b PARTITION OF p2 FOR VALUES WITH (MODULUS 2,"
      " REMAINDER 1)",
      "INSERT INTO p SELECT i, date '2026-01-01' + i FROM generate_series(1, 60) i",
      "UPDATE p SET d = d + 20 WHERE id = 20",
      "ALTER TABLE p ADD COLUMN x int "
      "DEFAULT 3; UPDATE p SET x = id WHERE id < 5",
      "ALTER TABLE p ADD COLUMN at timestamptz DEFAULT now()"}},
    {"detached and attached",
     {"ALTER TABLE p DETACH PARTITION p1", "INSERT INTO p1 VALUES (100, '2026-01-05')",
      "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM "
      "('2026-01-01') TO ('2026-02-01')",
      "CREATE TABLE p3 (LIKE p INCLUDING ALL); INSERT INTO p3 VALUES "
      "(7, '2027-01-01'); DELETE FROM p WHERE d >= '2027-01-01'; ALTER "
      "TABLE p ATTACH PARTITION p3 FOR VALUES FROM ('2027-01-01') TO "
      "('2028-01-01'); UPDATE p SET x = 1",
      "ALTER TABLE p DETACH PARTITION p3", "DROP TABLE p3"}},
    {"without a key",
     {"CREATE TABLE k (a int, b text) PARTITION BY LIST (a)",
      "CREATE TABLE k1 PARTITION OF k FOR VALUES IN (1); CREATE TABLE k2 "
      "PARTITION OF k FOR VALUES IN (2); INSERT INTO k VALUES (1, 'x'), (2, "
      "'y'); UPDATE k SET a = 3 - a; DELETE FROM k WHERE a = 1",
      "ALTER TABLE k ADD PRIMARY KEY (a); UPDATE k SET b = 'z'"}},
    {"detached concurrently",
     {"ALTER TABLE k DETACH PARTITION k2 CONCURRENTLY; ",
      "INSERT INTO k2 VALUES (2, 'f') ON CONFLICT (a) DO UPDATE SET b = 'g'"}},
    {"inheritance",
     {"CREATE TABLE parent (a int PRIMARY KEY); CREATE TABLE child (b int) "
      "INHERITS (parent); INSERT INTO parent VALUES (1); INSERT INTO child "
      "VALUES (2, 2); UPDATE parent SET a = a + 10",
      "ALTER TABLE parent ADD COLUMN c float8 DEFAULT random()",
      "ALTER TABLE child NO INHERIT parent; UPDATE child SET c = 0"}},
};

const std::vector<DdlCase> other_cases{
    {"indexes",
     {"CREATE INDEX CONCURRENTLY by_v ON t (v)",
      "CREATE UNIQUE INDEX ON t (n) WHERE "
      "n > 0",
      "CREATE INDEX \"concurrently\" ON t ((lower(v)))", "ALTER INDEX by_v RENAME TO by_v2",
      "DROP INDEX CONCURRENTLY by_v2"}},
    {"constraints and keys",
     {"ALTER TABLE t ADD CHECK (n < 100), ADD CONSTRAINT u UNIQUE (v)",
      "CREATE TABLE f (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE); INSERT INTO "
      "f VALUES (1, 1)",
      "INSERT INTO t VALUES (2, 'b', 2); INSERT INTO f VALUES (2, 2); DELETE "
      "FROM t WHERE id = 1",
      "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE; UPDATE t SET n = 3",
      "ALTER TABLE t ADD CONSTRAINT later PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED; "
      "UPDATE t SET id = 5",
      "ALTER TABLE t REPLICA IDENTITY NOTHING; UPDATE t SET n = 4"}},
    {"types",
     {"CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE moods (m mood)",
      "ALTER TYPE mood ADD VALUE 'happy' BEFORE 'ok'",
      "INSERT INTO moods VALUES "
      "('happy')",
      "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
      "CREATE TYPE pair AS (a int, b text); CREATE DOMAIN pos AS int CHECK (VALUE > 0)"
      "; CREATE TYPE span AS RANGE (subtype = float8)",
      "ALTER TABLE moods ADD p pair, ADD q pos DEFAULT 3, ADD s span; UPDATE moods SET "
      "p = (1, 'x'), s = '[1,2)'",
      "ALTER TYPE pair ADD ATTRIBUTE c int", "DROP TYPE span CASCADE; DROP DOMAIN pos CASCADE"}},
    {"views",
     {"CREATE VIEW v AS SELECT id, v FROM t; CREATE OR REPLACE VIEW v AS SELECT id, v, "
      "n FROM t",
      "CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM t",
      "INSERT INTO t VALUES (9, 'i', 9); REFRESH MATERIALIZED VIEW mv",
      "CREATE UNIQUE INDEX ON mv (n); REFRESH MATERIALIZED VIEW CONCURRENTLY mv"}},
    {"functions with semicolons",
     {"CREATE FUNCTION f1(a int) RETURNS int LANGUAGE plpgsql AS $x$ BEGIN CREATE TEMP TABLE z "
      "(a int); RETURN a; END; $x$; CREATE FUNCTION f2() RETURNS int BEGIN ATOMIC SELECT 1; "
      "SELECT CASE WHEN true THEN 2 END; END; CREATE PROCEDURE pr() LANGUAGE sql AS 'SELECT "
      "1;'; CREATE OR REPLACE FUNCTION f1(a int) RETURNS int LANGUAGE sql AS 'SELECT a; SELECT "
      "a + 1'",
      "ALTER FUNCTION f1 IMMUTABLE; DROP FUNCTION f2", "SELECT f1(1)"}},
    {"DDL inside of functions and DO blocks",
     {"CREATE FUNCTION make(name text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE "
      "format("
      "'CREATE TABLE %I (a int); COMMENT ON TABLE %I IS ''made''; INSERT INTO %I VALUES (1)', "
      "name, name, name); FOR i IN 1..3 LOOP EXECUTE format('CREATE TABLE %I (a int)', name || "
      "i); END LOOP; END $$",
      "SELECT make('one'), make('Two')",
      "CREATE FUNCTION sql_make() RETURNS void LANGUAGE sql AS $$ CREATE TABLE sm1 (a int); "
      "CREATE TABLE sm2 (b int); ALTER TABLE sm1 ADD c int; $$",
      "SELECT sql_make()",
      "DO $$ BEGIN CREATE TABLE done (a int PRIMARY KEY); INSERT INTO done VALUES (1); ALTER "
      "TABLE done ADD COLUMN b int DEFAULT 2; PERFORM make('three'); DROP TABLE one; EXCEPTION "
      "WHEN unique_violation THEN NULL; END $$",
      "DO $$ BEGIN FOR i IN 1..3 LOOP EXECUTE 'CREATE TABLE loop' || i || ' (a int)'; EXECUTE "
      "'CREATE SEQUENCE seq' || i; END LOOP; END $$",
      "DO $$ DECLARE x int := 4; BEGIN CREATE TABLE from_variable AS SELECT x AS y; END $$"}},
    {"triggers, rules and policies",
     {"CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := 50; RETURN "
      "NEW; "
      "END'; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); INSERT "
      "INTO t VALUES (20, 'trigger')",
      "ALTER TABLE t DISABLE TRIGGER tr; INSERT INTO t VALUES "
      "(21, 'none', 21)",
      "CREATE RULE r AS ON INSERT TO v DO INSTEAD (INSERT INTO t VALUES "
      "(NEW.id, NEW.v); DELETE FROM t WHERE id = -1); INSERT INTO v VALUES (30, 'rule')",
      "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY po ON t TO app USING (id > 0)",
      "DROP RULE r ON v; DROP TRIGGER tr ON t; DROP POLICY po ON t"}},
    {"grants, comments, owners",
     {"GRANT SELECT, INSERT ON t TO app, \"Odd Role\"; REVOKE INSERT ON t FROM app",
      "COMMENT ON COLUMN t.v IS 'it''s; a column'; COMMENT ON TABLE t IS E'tab\\tle'",
      "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO app; CREATE TABLE "
      "granted (a int)",
      "ALTER TABLE granted OWNER TO \"Odd Role\"",
      "SET ROLE app; CREATE TABLE of_app (a serial PRIMARY KEY); INSERT INTO of_app DEFAULT "
      "VALUES; CREATE FUNCTION of_app() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER DEFAULT "
      "PRIVILEGES GRANT SELECT ON TABLES TO \"Odd Role\"; CREATE TABLE of_app2 AS SELECT 1",
      "CREATE SCHEMA app AUTHORIZATION app CREATE TABLE ta (a int PRIMARY KEY) CREATE VIEW va "
      "AS SELECT a FROM ta; INSERT INTO app.ta VALUES (1)"}},
    {"extensions",
     {"CREATE EXTENSION hstore; CREATE EXTENSION citext WITH SCHEMA app; CREATE "
      "EXTENSION ltree",
      "CREATE TABLE ex (h hstore, c app.citext PRIMARY KEY, l "
      "ltree); INSERT INTO ex VALUES ('a=>1', 'Ab', 'x.y'); UPDATE ex SET h = "
      "'b=>2' WHERE c = 'aB'",
      "DROP EXTENSION ltree CASCADE"}},
    {"sequences",
     {"CREATE SEQUENCE s START 5; ALTER SEQUENCE s INCREMENT 3 MAXVALUE 900; CREATE "
      "TABLE us (a int DEFAULT nextval('s')); INSERT INTO us DEFAULT VALUES",
      "DROP SEQUENCE s CASCADE"}},
    {"an empty name, quotes and comments",
     {"/* a; b */ CREATE -- c;\n TABLE \"a;b\" (\"x\"\"y\" text DEFAULT 'q;''r'); INSERT INTO "
      "\"a;b\" DEFAULT VALUES; CREATE TABLE \"Ünï\" (é int); INSERT INTO \"Ünï\" VALUES (1);;",
      "CREATE COLLATION german (provider = libc, locale = 'C'); CREATE STATISTICS st ON v, n "
      "FROM t; CREATE AGGREGATE agg (int) (sfunc = int4pl, stype = int); CREATE CAST (text AS "
      "mood) WITH INOUT; CREATE TEXT SEARCH CONFIGURATION ts (COPY = simple)"}},
};

class DdlApplierTest : public testing::Test {
  protected:
    void SetUp() override {
        primary_ = std::make_unique<PostgresServer>();
        secondary_ = std::make_unique<PostgresServer>();
        road_ = std::make_unique<DatabaseRoad>(*primary_, *secondary_);
        for (const PostgresServer* server : {primary_.get(), secondary_.get()}) {
            (void)server->query("postgres", "CREATE ROLE app; CREATE ROLE \"Odd Role\"");
        }
        origin("GRANT CREATE ON SCHEMA public TO app, \"Odd Role\"");
    }
    void TearDown() override { road_.reset(); }

    void origin(const std::string& sql) { (void)primary_->query("origin", sql); }
    [[nodiscard]] std::string on_replica(const std::string& sql) {
        return secondary_->value("replica", sql);
    }

    // By pg_dump, without what is ours.
    [[nodiscard]] static std::string schema_of(const PostgresServer& server,
                                               const std::string& database) {
        const Outcome dump = run({"pg_dump", "--schema-only", "--exclude-schema=farshore",
                                  "--no-publications", "--dbname=" + server.conninfo(database)});
        EXPECT_EQ(dump.status, 0) << dump.err;
        std::string kept;
        std::size_t begin = 0;
        bool is_ours = false;
        while (begin < dump.out.size()) {
            const std::size_t end = dump.out.find('\n', begin) + 1;
            const std::string line = dump.out.substr(begin, end - begin);
            begin = end;
            is_ours = is_ours || line.find("EVENT TRIGGER farshore_") != std::string::npos;
            if (!is_ours && !line.starts_with("--") && !line.starts_with("\\") && line != "\n") {
                kept += line;
            }
            is_ours = is_ours && line.find(';') == std::string::npos;
        }
        return kept;
    }

    // Every table and materialized view, row by row, and every sequence.
    [[nodiscard]] static std::vector<std::string> rows_of(const PostgresServer& server,
                                                          const std::string& database) {
        const std::string tables =
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = "
            "c.relnamespace WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname "
            "NOT IN ('pg_catalog', 'information_schema', 'farshore') AND n.nspname !~ "
            "'^pg_toast' ORDER BY 1";
        std::vector<std::string> rows;
        for (const std::string& table : server.query(database, tables)) {
            for (const std::string& row :
                 server.query(database, "SELECT row_::text FROM " + table + " row_ ORDER BY 1")) {
                rows.push_back(table + " " + row);
            }
        }
        const std::string sequences =
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = "
            "c.relnamespace WHERE c.relkind = 'S' AND c.relpersistence = 'p' AND n.nspname <> "
            "'farshore' ORDER BY 1";
        for (const std::string& sequence : server.query(database, sequences)) {
            rows.push_back(
                sequence + " " +
                server.value(database, "SELECT last_value || ' ' || is_called FROM " + sequence));
        }
        return rows;
    }

    void expect_same(const std::string& when) {
        EXPECT_EQ(schema_of(*primary_, "origin"), schema_of(*secondary_, "replica")) << when;
        EXPECT_EQ(rows_of(*primary_, "origin"), rows_of(*secondary_, "replica")) << when;
    }

    void run_cases(const std::vector<DdlCase>& cases) {
        road_->connect();
        road_->cut_and_apply();
        for (const DdlCase& one : cases) {
            for (const char* string : one.strings) {
                try {
                    origin(string);
                } catch (const std::exception& error) {
                    FAIL() << one.name << " was refused on the primary: " << error.what();
                }
            }
            try {
                road_->cut_and_apply();
            } catch (const Error& error) {
                FAIL() << one.name << ": " << error.message();
            }
            expect_same(one.name);
            if (HasFailure()) {
                return;
            }
        }
        EXPECT_EQ(road_->sent, road_->applied);
    }

    std::unique_ptr<PostgresServer> primary_;
    std::unique_ptr<PostgresServer> secondary_;
    std::unique_ptr<DatabaseRoad> road_;
};

TEST_F(DdlApplierTest, FollowsTables) {
    origin("CREATE TABLE old (id int PRIMARY KEY, t text); INSERT INTO old VALUES (1, 'a')");
    run_cases(table_cases);
}

TEST_F(DdlApplierTest, FollowsPartitionsAndInheritance) {
    run_cases(partition_cases);
}

TEST_F(DdlApplierTest, FollowsEverythingElse) {
    origin("CREATE TABLE t (id int PRIMARY KEY, v text, n int); INSERT INTO t VALUES (1, 'a', 1)");
    run_cases(other_cases);
}

TEST_F(DdlApplierTest, LeavesOutRolesThatAreNotThere) {
    (void)primary_->query("postgres", "CREATE ROLE here_only; CREATE ROLE maker SUPERUSER");
    origin("CREATE TABLE t (id int PRIMARY KEY)");
    road_->connect();
    road_->cut_and_apply();
    origin("GRANT SELECT ON t TO here_only, app; GRANT INSERT ON t TO here_only");
    origin("ALTER TABLE t OWNER TO here_only; INSERT INTO t VALUES (1)");
    origin("SET ROLE maker; CREATE TABLE made (a int PRIMARY KEY); INSERT INTO made VALUES (1)");
    (void)secondary_->query("postgres", "DROP ROLE IF EXISTS here_only, maker");
    road_->cut_and_apply();
    EXPECT_EQ(on_replica("SELECT count(*) FROM t") + on_replica("SELECT count(*) FROM made"), "11");
    EXPECT_EQ(on_replica("SELECT has_table_privilege('app', 't', 'SELECT')"), "t");
    EXPECT_EQ(on_replica("SELECT count(*) FROM farshore.ddl_note WHERE is_applied AND"
                         " note LIKE '%here_only%'"),
              "3");
    EXPECT_EQ(on_replica("SELECT count(*) FROM farshore.ddl_note WHERE note LIKE '%maker%'"), "1");
}

// After a failover the application would be told that it may not.
TEST_F(DdlApplierTest, NamesWhatItMayNotGiveToItsOwner) {
    (void)secondary_->query("postgres",
                            "CREATE ROLE agent LOGIN; GRANT SET ON PARAMETER "
                            "session_replication_role TO agent");
    (void)secondary_->query("postgres", "ALTER DATABASE replica OWNER TO agent");
    road_->replica.connection += " user=agent";
    road_->restart_secondary();
    road_->connect();
    road_->cut_and_apply();
    origin("SET ROLE app; CREATE TABLE made (a int PRIMARY KEY); INSERT INTO made VALUES (1)");
    road_->cut_and_apply();
    EXPECT_EQ(on_replica("SELECT count(*) FROM made"), "1");
    EXPECT_EQ(on_replica("SELECT note LIKE '%may not give it to app%' FROM farshore.ddl_note"),
              "t");
}

TEST_F(DdlApplierTest, StopsAndPrintsWhatItCanNotCarry) {
    road_->connect();
    road_->cut_and_apply();
    origin("CREATE TABLE t (id int PRIMARY KEY)");
    (void)secondary_->query("replica", "CREATE TABLE t (id int PRIMARY KEY, mine int)");
    origin("INSERT INTO t VALUES (1)");
    (void)road_->cut();
    for (int round = 0; round < 2; ++round) {
        try {
            (void)road_->apply();
            FAIL() << "it applied over a table of somebody else's";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::ddl_pending);
            EXPECT_NE(error.message().find("CREATE TABLE t (id int PRIMARY KEY)"),
                      std::string::npos)
                << error.message();
        }
        // Seen before, it may have been made by hand meanwhile; first it is asked to look.
        (void)secondary_->query("replica", round == 0 ? "DROP TABLE t" : "SELECT 1");
        if (round == 0) {
            break;
        }
    }
    (void)road_->apply();
    EXPECT_EQ(on_replica("SELECT count(*) FROM t"), "1");
    EXPECT_EQ(on_replica("SELECT count(*) FROM farshore.ddl_note"), "0");
}

}  // namespace
}  // namespace farshore::test
