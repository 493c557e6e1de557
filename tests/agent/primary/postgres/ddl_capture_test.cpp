#include "agent/primary/postgres/ddl_capture.hpp"

#include <gtest/gtest.h>

#include "tests/support/database_road.hpp"
#include "tests/support/process.hpp"

namespace farshore::test {
namespace {

class DdlCaptureTest : public testing::Test {
  protected:
    void start() {
        road_ = std::make_unique<DatabaseRoad>(primary_, secondary_);
        road_->connect();
        road_->cut_and_apply();
    }

    // What psql says of the battery in database "origin".
    std::string run_battery() {
        const std::string file = std::string(FARSHORE_SOURCE_ROOT) +
                                 "/tests/agent/primary/postgres/application_battery.sql";
        const Outcome outcome = run({"psql", "--no-psqlrc", "--quiet",
                                     "--dbname=" + primary_.conninfo("origin"), "--file=" + file});
        return outcome.out + outcome.err;
    }

    PostgresServer primary_;
    PostgresServer secondary_;
    std::unique_ptr<DatabaseRoad> road_;
};

// farshore is a guest: each statement of the battery has the same outcome as without it.
TEST_F(DdlCaptureTest, NoStatementIsRefusedBecauseOfIt) {
    primary_.create_database("origin");
    const std::string alone = run_battery();
    (void)primary_.query("postgres", "DROP DATABASE origin");
    start();
    EXPECT_EQ(run_battery(), alone);
    EXPECT_EQ(primary_.value("origin",
                             "SELECT count(*) FROM farshore.ddl"
                             " WHERE command::jsonb ? 'failed'"),
              "0");
    EXPECT_NE(primary_.value("origin", "SELECT count(*) FROM farshore.ddl"), "0");
    road_.reset();
}

// Whoever may make a temporary object has his own pg_publication in front of the catalogue's.
TEST_F(DdlCaptureTest, NobodysObjectsRunWithItsRights) {
    start();
    EXPECT_EQ(primary_.value("origin",
                             "CREATE ROLE plain; SET SESSION AUTHORIZATION plain;"
                             "CREATE TEMP TABLE seen (who name);"
                             "CREATE FUNCTION pg_temp.note() RETURNS name LANGUAGE plpgsql AS $$"
                             " BEGIN INSERT INTO pg_temp.seen VALUES (current_user);"
                             " RETURN 'farshore_shop'; END $$;"
                             "CREATE TEMP VIEW pg_publication AS SELECT oid, pg_temp.note()"
                             " AS pubname FROM pg_catalog.pg_publication;"
                             "CREATE TEMP TABLE t (a int); ALTER TABLE t ADD b int;"
                             "SELECT count(*) FROM seen"),
              "0");
    road_.reset();
}

// Who owns the schema puts his functions in the place of ours.
TEST_F(DdlCaptureTest, ASchemaOfSomebodyElseIsRefused) {
    primary_.create_database("origin");
    (void)primary_.query("origin",
                         "CREATE ROLE plain; CREATE SCHEMA farshore AUTHORIZATION plain;"
                         "CREATE PUBLICATION farshore_shop");
    config::Database database;
    database.connection = primary_.conninfo("origin");
    EXPECT_THROW(primary::InsertPosition(StreamName("shop"), database).adopt_tables(), Error);
    try {
        start();
        ADD_FAILURE() << "it was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::database_refused) << error.message();
        EXPECT_NE(error.message().find("role plain"), std::string::npos) << error.message();
    }
    (void)primary_.query("origin", "DROP SCHEMA farshore CASCADE");
    start();
    road_.reset();
}

// The replica runs a superuser's statement with its agent's rights.
TEST_F(DdlCaptureTest, NobodyPassesForASuperuser) {
    start();
    (void)primary_.query("origin",
                         "CREATE ROLE plain; CREATE SCHEMA evil AUTHORIZATION plain;"
                         "SET SESSION AUTHORIZATION plain;"
                         "CREATE FUNCTION evil.is_root(name, name) RETURNS boolean LANGUAGE sql"
                         " AS $$ SELECT $1::text OPERATOR(pg_catalog.=) 'postgres' $$;"
                         "CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name,"
                         " FUNCTION = evil.is_root);"
                         "SET search_path = evil, pg_catalog; CREATE TABLE evil.t (a int)");
    EXPECT_EQ(primary_.query("origin",
                             "SELECT command::jsonb ->> 'role', command::jsonb ->> 'is_superuser'"
                             " FROM farshore.ddl WHERE command::jsonb ->> 'tag' = 'CREATE TABLE'"),
              std::vector<std::string>{"plain|false"});
    road_.reset();
}

// The rows of a table that nobody has locked would be older than changes that come before them; and
// those of the server's own tables are not the replica's.
TEST_F(DdlCaptureTest, NobodySaysOfATableThatItWasRewritten) {
    start();
    (void)primary_.query("origin",
                         "CREATE ROLE plain; CREATE SCHEMA own AUTHORIZATION plain;"
                         "CREATE TABLE other (id int PRIMARY KEY);"
                         "SET SESSION AUTHORIZATION plain; CREATE TABLE own.mine (a int);"
                         "INSERT INTO own.mine VALUES (1)");
    (void)primary_.query("origin",
                         "SET SESSION AUTHORIZATION plain;"
                         "SELECT set_config('farshore.rewritten', '{1260,' ||"
                         " 'other'::regclass::oid::text || '}', false);"
                         "ALTER TABLE own.mine ADD b serial");
    EXPECT_EQ(primary_.query("origin",
                             "SELECT DISTINCT command::jsonb ->> 'rows' FROM farshore.ddl"
                             " WHERE command::jsonb ? 'rows'"),
              std::vector<std::string>{"own.mine"});
    road_->cut_and_apply();
    road_.reset();
}

// Hardening scripts take PUBLIC's rights away everywhere. The next session gives them back here.
TEST_F(DdlCaptureTest, NoStatementFailsForWantOfARightOnItsSchema) {
    start();
    const std::string create =
        "SET SESSION AUTHORIZATION plain; CREATE TABLE own.t (a int); DROP TABLE own.t;"
        "CREATE TABLE own.t (a int); ALTER TABLE own.t ADD b serial";
    (void)primary_.query("origin",
                         "CREATE ROLE plain; CREATE SCHEMA own AUTHORIZATION plain;"
                         "REVOKE ALL ON SCHEMA farshore FROM PUBLIC");
    EXPECT_NO_THROW((void)primary_.query("origin", create));
    road_->disconnect();
    road_->connect();
    road_->cut_and_apply();
    EXPECT_EQ(primary_.value("origin", "SELECT has_schema_privilege('plain', 'farshore', 'USAGE')"),
              "t");
    road_.reset();
}

TEST_F(DdlCaptureTest, WhatNobodyMayCallByDefaultEverybodysStatementsCall) {
    primary_.create_database("origin");
    (void)primary_.query("origin",
                         "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;"
                         "CREATE ROLE plain; CREATE SCHEMA own AUTHORIZATION plain");
    start();
    (void)primary_.query("origin",
                         "SET SESSION AUTHORIZATION plain; CREATE TABLE own.t (a int);"
                         "INSERT INTO own.t VALUES (1)");
    road_->cut_and_apply();
    EXPECT_EQ(secondary_.value("replica", "SELECT count(*) FROM own.t"), "1");
    road_.reset();
}

// A key can go with a type, or with whatever else a type goes with.
TEST_F(DdlCaptureTest, NoUpdateFailsForAKeyThatWentWithItsType) {
    (void)primary_.query("postgres", "CREATE DATABASE origin");
    (void)primary_.query("origin",
                         "CREATE TYPE pair AS (id int, n int);"
                         "CREATE TABLE typed OF pair (PRIMARY KEY (id));"
                         "INSERT INTO typed VALUES (1, 1); CREATE VIEW v AS SELECT 1 AS a;"
                         "CREATE TABLE viewed (k v PRIMARY KEY, n int);"
                         "INSERT INTO viewed VALUES (row(1), 1)");
    start();
    (void)primary_.query("origin", "ALTER TYPE pair DROP ATTRIBUTE id CASCADE");
    (void)primary_.query("origin", "UPDATE typed SET n = 2");
    (void)primary_.query("origin", "DROP VIEW v CASCADE");
    (void)primary_.query("origin", "UPDATE viewed SET n = 2");
    road_->cut_and_apply();
    EXPECT_EQ(secondary_.value("replica", "SELECT n FROM typed"), "2");
    EXPECT_EQ(secondary_.value("replica", "SELECT n FROM viewed"), "2");
    road_.reset();
}

TEST_F(DdlCaptureTest, KeepsItsTableForADay) {
    start();
    (void)primary_.query("origin",
                         "CREATE TABLE t (id int PRIMARY KEY); UPDATE farshore.ddl SET at"
                         " = now() - interval '2 days'; INSERT INTO t VALUES (1);"
                         "CREATE TABLE later (id int PRIMARY KEY)");
    primary::InsertPosition server(StreamName("shop"), road_->origin);
    server.adopt_tables();
    EXPECT_EQ(primary_.value("origin", "SELECT count(*) FROM farshore.ddl"), "1");
    road_->cut_and_apply();
    EXPECT_EQ(secondary_.value("replica", "SELECT count(*) FROM t"), "1");
    EXPECT_EQ(secondary_.value("replica", "SELECT count(*) FROM later"), "0");
    road_.reset();
}

}  // namespace
}  // namespace farshore::test
