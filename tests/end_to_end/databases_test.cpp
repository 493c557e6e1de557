// The main job for a database, end to end: real clusters, real agents, real kills.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "tests/support/agent_pair.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

// What both sides must agree on: every row of a table, in an order of its own.
std::string rows_of(const PostgresServer& server, const std::string& table) {
    return server.value("app",
                        "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' "
                        "ORDER BY t::text COLLATE \"C\")), '') FROM " +
                            table + " t");
}

class Databases : public ::testing::Test {
  protected:
    Databases() {
        primary_.create_database("app");
        replica_.create_database("app");
        settings_.databases.push_back({"app", primary_.conninfo("app"), replica_.conninfo("app")});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"1s\""}};
    }

    void start() {
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
    }

    // Waits until the first copy is done and everything so far is applied.
    void settle(std::chrono::seconds timeout = std::chrono::seconds(60)) {
        const Outcome flushed = pair_->flush(timeout);
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
    }

    void expect_equal(const std::string& table) {
        EXPECT_EQ(rows_of(primary_, table), rows_of(replica_, table)) << table;
    }

    PostgresServer primary_;
    PostgresServer replica_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(Databases, FirstCopyThenEveryKindOfChange) {
    primary_.query("app", R"(
        CREATE TABLE keyed (id int PRIMARY KEY, name text, long_text text,
                            at timestamptz DEFAULT now(),
                            amount numeric, flags bit(3), doc jsonb, raw bytea, tags text[],
                            twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
        ALTER TABLE keyed ALTER COLUMN long_text SET STORAGE EXTERNAL;
        CREATE TABLE keyless (a int, b text);
        CREATE TABLE ids (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
        CREATE INDEX ON keyed (name);
        CREATE SCHEMA "Odd Schema";
        CREATE TABLE "Odd Schema"."Tab ""le" ("Key" text PRIMARY KEY, "Väl" int);
        INSERT INTO keyed SELECT i, 'n' || i, repeat('x', 5000), now(), i * 1.5, B'101',
                                 '{"a":1}', '\x00ff', ARRAY['p', NULL, 'q"']
                          FROM generate_series(1, 500) i;
        INSERT INTO keyless SELECT i % 10, 'dup' FROM generate_series(1, 100) i;
        INSERT INTO ids (v) VALUES ('one'), ('two');
        INSERT INTO "Odd Schema"."Tab ""le" VALUES ('k', 1))");
    start();
    settle();
    expect_equal("keyed");
    expect_equal("keyless");
    expect_equal("ids");
    expect_equal(R"("Odd Schema"."Tab ""le")");

    // Unchanged TOAST, a changed key, updates and deletes of rows that have doubles, a truncate.
    primary_.query("app", "UPDATE keyed SET name = 'new' WHERE id <= 50");
    primary_.query("app", "UPDATE keyed SET id = id + 10000 WHERE id BETWEEN 60 AND 70");
    primary_.query("app",
                   "UPDATE keyed SET doc = NULL, amount = 'NaN', at = 'infinity' WHERE id = 80");
    primary_.query("app", "DELETE FROM keyed WHERE id > 400 AND id < 10000");
    primary_.query("app",
                   "UPDATE keyless SET b = 'once' WHERE ctid = (SELECT min(ctid) FROM keyless)");
    primary_.query("app", "DELETE FROM keyless WHERE a = 3");
    primary_.query("app", "INSERT INTO ids (v) VALUES ('three')");
    primary_.query("app", R"(UPDATE "Odd Schema"."Tab ""le" SET "Väl" = 2)");
    settle();
    expect_equal("keyed");
    expect_equal("keyless");
    expect_equal("ids");
    expect_equal(R"("Odd Schema"."Tab ""le")");

    primary_.query("app", "TRUNCATE keyless; INSERT INTO keyless VALUES (1, 'after')");
    settle();
    expect_equal("keyless");
    const Outcome verified = pair_->verify("west");
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

TEST_F(Databases, NoStatementOfTheApplicationFails) {
    primary_.query("app",
                   "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')");
    primary_.query("app", "CREATE TABLE bare (v text); INSERT INTO bare VALUES ('a')");
    start();
    settle();
    primary_.query("app", "UPDATE bare SET v = 'b'; DELETE FROM bare");
    // The key goes away in the same transaction that goes on updating.
    primary_.query("app",
                   "BEGIN; ALTER TABLE t DROP CONSTRAINT t_pkey; UPDATE t SET v = 'c'; COMMIT");
    primary_.query("app", "DELETE FROM t");
    primary_.query(
        "app",
        "CREATE TABLE fresh (v text); INSERT INTO fresh VALUES ('1'); UPDATE fresh SET v = '2'");
    settle();
    expect_equal("t");
    expect_equal("bare");
}

TEST_F(Databases, KillsOfAgentsAndServersLoseAndRepeatNothing) {
    primary_.query("app",
                   "CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL);"
                   "CREATE TABLE ledger (entry text NOT NULL);"
                   "INSERT INTO account SELECT i, 0 FROM generate_series(1, 50) i");
    start();
    settle();
    std::mt19937 random(11);
    for (int round = 0; round < 12; ++round) {
        for (int i = 0; i < 40; ++i) {
            const std::string id = std::to_string(1 + random() % 50);
            primary_.query("app",
                           "BEGIN; UPDATE account SET balance = balance + 1 WHERE id = " + id +
                               "; INSERT INTO ledger VALUES ('" + std::to_string(round) + "." +
                               std::to_string(i) + "'); COMMIT");
        }
        switch (round % 4) {
            case 0:
                pair_->kill("east");
                pair_->start("east");
                break;
            case 1:
                pair_->kill("west");
                pair_->start("west");
                break;
            case 2:
                replica_.kill();
                replica_.start();
                break;
            default:
                primary_.kill();
                primary_.start();
        }
    }
    settle(std::chrono::seconds(120));
    expect_equal("account");
    expect_equal("ledger");
    EXPECT_EQ(replica_.value("app", "SELECT sum(balance) FROM account"), "480");
    EXPECT_EQ(replica_.value("app", "SELECT count(*) FROM ledger"), "480");
}

// What every sequence gives next, also where nothing but a sequence has moved.
std::string sequences_of(const PostgresServer& server) {
    std::string values;
    for (const std::string& name :
         server.query("app",
                      "SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'S' AND "
                      "c.relnamespace = 'public'::regnamespace ORDER BY c.relname")) {
        values += name + " " +
                  server.value("app", "SELECT last_value || ' ' || is_called FROM " + name) + "\n";
    }
    return values;
}

TEST_F(Databases, SequencesHaveThePrimarysValuesAtEachMark) {
    primary_.query("app",
                   "CREATE TABLE t (id serial PRIMARY KEY, g int GENERATED ALWAYS AS IDENTITY);"
                   "INSERT INTO t SELECT FROM generate_series(1, 100);"
                   "CREATE SEQUENCE alone START 10; SELECT nextval('alone');"
                   "CREATE SEQUENCE \"Never\"; SELECT setval('\"Never\"', 77, false)");
    start();
    settle();
    EXPECT_EQ(sequences_of(primary_), sequences_of(replica_));
    // Nothing of it is in the log: 32 values are logged at once.
    primary_.query("app", "SELECT nextval('alone'), nextval('alone')");
    settle();
    EXPECT_EQ(sequences_of(primary_), sequences_of(replica_));
    primary_.query("app", "CREATE TABLE later (id bigserial); INSERT INTO later DEFAULT VALUES");
    pair_->kill("west");
    primary_.query("app",
                   "SELECT nextval('alone') FROM generate_series(1, 100); ALTER SEQUENCE "
                   "\"Never\" RESTART WITH 5; TRUNCATE t RESTART IDENTITY");
    pair_->start("west");
    settle();
    EXPECT_EQ(sequences_of(primary_), sequences_of(replica_));
}

// Writes while `look` looks.
void write_beside(const PostgresServer& server, const std::function<void()>& look) {
    std::thread writer([&server] {
        for (int round = 0; round < 100; ++round) {
            server.query("app", "INSERT INTO t SELECT FROM generate_series(1, 50)");
        }
    });
    look();
    writer.join();
}

constexpr const char* rows_beyond_sequence =
    "SELECT coalesce(max(id), 1) - (SELECT last_value FROM t_id_seq) FROM t";

// With a tree in the stream rows come with their cuts: its values are read behind its position, and
// set before its rows.
TEST_F(Databases, SequencesAreNeverBehindTheRowsOfCuts) {
    const TemporaryDirectory files;
    settings_.trees.push_back({"files", files.path() + "/source", files.path() + "/replica"});
    primary_.query("app", "CREATE TABLE t (id serial PRIMARY KEY)");
    start();
    settle();
    write_beside(primary_, [this] {
        for (int look = 0; look < 60; ++look) {
            EXPECT_LE(std::stoll(replica_.value("app", rows_beyond_sequence)), 0);
            std::this_thread::sleep_for(std::chrono::milliseconds(25));
        }
    });
    settle();
    EXPECT_EQ(sequences_of(primary_), sequences_of(replica_));
}

// Rows that are applied ahead of their cut may be ahead of it, but never those of an applied mark.
TEST_F(Databases, SequencesAreNeverBehindTheRowsOfAnAppliedMark) {
    primary_.query("app", "CREATE TABLE t (id serial PRIMARY KEY)");
    start();
    settle();
    write_beside(primary_, [this] {
        for (int look = 0; look < 8; ++look) {
            const std::string of_mark = primary_.value("app", "SELECT coalesce(max(id), 1) FROM t");
            settle();
            const std::string given = replica_.value("app", "SELECT last_value FROM t_id_seq");
            EXPECT_GE(std::stoll(given), std::stoll(of_mark));
        }
    });
    settle();
    EXPECT_EQ(sequences_of(primary_), sequences_of(replica_));
}

// The schema changes while agents and servers are killed.
TEST_F(Databases, KillsWhileTheSchemaChangesLoseAndRepeatNothing) {
    primary_.query("app",
                   "CREATE TABLE t (id serial PRIMARY KEY, v text);"
                   "INSERT INTO t (v) VALUES ('first')");
    start();
    settle();
    for (int round = 0; round < 12; ++round) {
        const std::string n = std::to_string(round);
        primary_.query("app", "BEGIN; CREATE TABLE n" + n + " (a int); INSERT INTO n" + n +
                                  " VALUES (1); ALTER TABLE t ADD COLUMN c" + n +
                                  " float8 DEFAULT random(); UPDATE t SET v = 'r" + n +
                                  "'; COMMIT");
        primary_.query("app", "INSERT INTO t (v) VALUES ('x" + n + "'); CREATE INDEX ON t (c" + n +
                                  "); CREATE TABLE q" + n + " AS SELECT * FROM t; UPDATE n" + n +
                                  " SET a = 2");
        switch (round % 4) {
            case 0:
                pair_->kill("east");
                pair_->start("east");
                break;
            case 1:
                pair_->kill("west");
                pair_->start("west");
                break;
            case 2:
                replica_.kill();
                replica_.start();
                break;
            default:
                primary_.kill();
                primary_.start();
        }
    }
    settle(std::chrono::seconds(120));
    expect_equal("t");
    for (int round = 0; round < 12; ++round) {
        expect_equal("n" + std::to_string(round));
        expect_equal("q" + std::to_string(round));
    }
    EXPECT_EQ(sequences_of(primary_), sequences_of(replica_));
    const std::string indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'";
    EXPECT_EQ(primary_.value("app", indexes), replica_.value("app", indexes));
}

TEST_F(Databases, AFirstCopyThatIsInterruptedComesToItsEnd) {
    primary_.query(
        "app",
        "CREATE TABLE wide (id int PRIMARY KEY, v text);"
        "INSERT INTO wide SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 60000) i");
    start();
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    pair_->kill("west");
    primary_.query("app", "UPDATE wide SET v = 'changed meanwhile' WHERE id % 1000 = 0");
    pair_->start("west");
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    pair_->kill("east");
    pair_->start("east");
    settle(std::chrono::seconds(120));
    expect_equal("wide");
}

TEST_F(Databases, AReplicaWithRowsIsRefused) {
    primary_.query("app", "CREATE TABLE t (id int PRIMARY KEY)");
    replica_.query("app", "CREATE TABLE mine (id int); INSERT INTO mine VALUES (1)");
    start();
    // On either side by its own name, with what to do (between two sessions the primary knows only
    // that the last one ended, and why): never as a defect of farshore.
    for (const char* asked : {"west", "east"}) {
        std::string said;
        EXPECT_TRUE(eventually([&] {
            said = pair_->command(asked, {"status"}).out;
            EXPECT_EQ(said.find("INTERNAL"), std::string::npos) << asked << ": " << said;
            return said.find("REPLICA_NOT_EMPTY") != std::string::npos &&
                   said.find("Empty the replica") != std::string::npos;
        })) << said
            << pair_->log("west");
    }
    EXPECT_EQ(replica_.value("app", "SELECT count(*) FROM mine"), "1");
}

// What lies between is in no spool any more: only a new copy brings it.
TEST_F(Databases, AReplicaThatWasPutBackIsCopiedAnew) {
    primary_.query("app", "CREATE TABLE t (id int PRIMARY KEY, v text)");
    start();
    settle();
    const std::string before = replica_.value("app", "SELECT lsn FROM farshore.progress");
    primary_.query("app", "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 100) i");
    settle();
    pair_->kill("west");
    // What the server was told before the kill it does to the end.
    EXPECT_TRUE(eventually([&] {
        return replica_.value("app",
                              "SELECT count(*) FROM pg_stat_activity "
                              "WHERE datname = 'app' AND pid <> pg_backend_pid()") == "0";
    }));
    replica_.query("app", "DELETE FROM t; UPDATE farshore.progress SET lsn = '" + before + "'");
    primary_.query("app", "INSERT INTO t VALUES (1000, 'later')");
    pair_->start("west");
    EXPECT_TRUE(eventually([&] {
        return replica_.value("app", "SELECT count(*) FROM t") == "101";
    })) << pair_->log("west");
    settle();
    expect_equal("t");
    EXPECT_EQ(pair_->verify("west").status, 0);
}

// Each compares with its own snapshot, or says that it could not: never with the other's.
TEST_F(Databases, TwoVerificationsAtOnceFindNoDifferenceThatIsNone) {
    primary_.query("app",
                   "CREATE TABLE t (id int PRIMARY KEY, v text);"
                   "INSERT INTO t SELECT i, repeat('x', 200) FROM generate_series(1, 150000) i");
    start();
    settle(std::chrono::seconds(120));
    std::atomic<bool> done = false;
    std::jthread writer([&] {
        while (!done) {
            primary_.query("app", "UPDATE t SET v = v || 'y' WHERE id % 500 = 0");
        }
    });
    std::jthread other([&] {
        const Outcome verified = pair_->verify("east", {"--databases"});
        EXPECT_NE(verified.status, 1) << verified.out << verified.err;
    });
    for (int round = 0; round < 3; ++round) {
        const Outcome verified = pair_->verify("west", {"--databases"});
        EXPECT_NE(verified.status, 1) << verified.out << verified.err;
    }
    other.join();
    done = true;
}

// The primary's server could remove no dead row as long as such a snapshot lasts.
TEST_F(Databases, AVerificationThatFailsLeavesNoTransactionOpen) {
    primary_.query("app", "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    start();
    settle();
    replica_.kill();
    const Outcome verified = pair_->verify("west", {"--databases"});
    EXPECT_EQ(verified.status, 2) << verified.out << verified.err;
    EXPECT_TRUE(eventually([&] {
        return primary_.value("app",
                              "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE "
                              "'farshore%' AND state = 'idle in transaction'") == "0";
    }));
}

TEST_F(Databases, AChangedRowOnTheReplicaIsNamedByVerify) {
    primary_.query("app",
                   "CREATE TABLE t (id int PRIMARY KEY, v text);"
                   "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 2000) i");
    start();
    settle();
    ASSERT_EQ(pair_->verify("west").status, 0);
    replica_.query("app", "UPDATE t SET v = 'forged' WHERE id = 1234");
    for (const char* asked : {"west", "east"}) {
        const Outcome verified = pair_->verify(asked);
        EXPECT_EQ(verified.status, 1) << asked << ": " << verified.out << verified.err;
        EXPECT_NE(verified.out.find("1234"), std::string::npos) << asked << ": " << verified.out;
    }
}

TEST_F(Databases, OfALargeTableTheRowThatIsMissingIsNamedAndNoOther) {
    primary_.query("app",
                   "CREATE TABLE t (id int PRIMARY KEY);"
                   "INSERT INTO t SELECT generate_series(1, 800000)");
    start();
    settle(std::chrono::seconds(120));
    replica_.query("app", "DELETE FROM t WHERE id = 100");
    const Outcome verified = pair_->verify("west", {"--databases"});
    EXPECT_EQ(verified.status, 1) << verified.out << verified.err;
    EXPECT_NE(verified.out.find("public.t (100): row_missing"), std::string::npos) << verified.out;
    EXPECT_NE(verified.out.find("\n1 difference\n"), std::string::npos) << verified.out;
}

TEST_F(Databases, KeysThatAreCheckedAtTheEndMayCollideWithinATransaction) {
    primary_.query("app",
                   "CREATE TABLE moved (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text);"
                   "INSERT INTO moved SELECT i, 'v' || i FROM generate_series(1, 5) i;"
                   "CREATE TABLE named (id int UNIQUE DEFERRABLE, v text PRIMARY KEY);"
                   "INSERT INTO named SELECT i, 'v' || i FROM generate_series(1, 5) i");
    start();
    settle();
    primary_.query("app", "UPDATE moved SET id = id + 1");
    primary_.query("app", "UPDATE named SET id = id + 1");
    primary_.query("app",
                   "BEGIN; SET CONSTRAINTS ALL DEFERRED;"
                   "UPDATE moved SET id = 7 - id; DELETE FROM moved WHERE v = 'v3'; COMMIT");
    settle();
    expect_equal("moved");
    expect_equal("named");
    EXPECT_EQ(pair_->verify("east").status, 0);
}

TEST_F(Databases, ATransactionLargerThanTheMemoryLimitPasses) {
    settings_.config_lines.emplace_back("replication", "memory_limit = \"128MiB\"");
    primary_.query("app", "CREATE TABLE big (id int PRIMARY KEY, v text)");
    start();
    settle();
    primary_.query(
        "app",
        "INSERT INTO big SELECT i, repeat(md5(i::text), 30) FROM generate_series(1, 150000) i");
    settle(std::chrono::seconds(180));
    expect_equal("big");
    for (const char* agent : {"east", "west"}) {  // both say what they hold
        const auto status = pair_->status(agent);
        EXPECT_GT(status.at("memory_bytes").to_number<std::uint64_t>(), 1ULL << 20) << agent;
    }
    if (std::getenv("FARSHORE_SANITIZED") == nullptr) {  // shadow memory is not the agent's
        EXPECT_LT(pair_->process("east").peak_resident_bytes(), 128ULL << 20);
        EXPECT_LT(pair_->process("west").peak_resident_bytes(), 128ULL << 20);
    }
}

}  // namespace
}  // namespace farshore::test
