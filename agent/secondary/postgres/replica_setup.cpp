#include "agent/secondary/postgres/replica_setup.hpp"

#include "agent/postgres/sql_error.hpp"

namespace farshore::secondary {

namespace {

constexpr const char* user_schemas =
    "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN"
    " ('information_schema', 'farshore') ORDER BY 1";

void check_rights(postgres::Connection& connection) {
    const postgres::Answer answer = connection.attempt("SET session_replication_role = replica");
    if (answer.sqlstate() == postgres::sqlstate::insufficient_privilege) {
        throw Error(ErrorCode::database_refused,
                    "the replica's role may not set session_replication_role: GRANT SET ON "
                    "PARAMETER session_replication_role TO it (PostgreSQL 15), or make it a "
                    "superuser");
    }
    connection.require(answer);
    connection.execute("SET session_replication_role = origin");
    if (connection.execute("SELECT pg_is_in_recovery()").boolean(0, 0)) {
        throw Error(ErrorCode::database_refused, "the replica's server is a standby");
    }
}

// The name of a table that has rows, or nothing.
std::string find_rows(postgres::Connection& connection) {
    const postgres::Answer tables = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN"
        " ('information_schema', 'farshore') AND NOT EXISTS (SELECT FROM pg_depend d"
        "  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')");
    for (int row = 0; row < tables.rows(); ++row) {
        std::string name = connection.quote_name(tables.text(row, 0), tables.text(row, 1));
        if (connection.execute("SELECT FROM ONLY " + name + " LIMIT 1").rows() > 0) {
            return name;
        }
    }
    return "";
}

void drop_each(postgres::Connection& connection, const std::string& names, const char* kind) {
    const postgres::Answer answer = connection.execute(names);
    for (int row = 0; row < answer.rows(); ++row) {
        connection.execute("DROP " + std::string(kind) + " IF EXISTS " +
                           connection.quote_name(answer.text(row, 0)) + " CASCADE");
    }
}

void make_public_schema(postgres::Connection& connection) {
    // As initdb leaves it.
    const bool owned_by_database = connection.server_version() >= 140000;
    connection.execute(
        "CREATE SCHEMA public; COMMENT ON SCHEMA public IS 'standard public schema'");
    if (owned_by_database) {
        const postgres::Answer answer =
            connection.attempt("ALTER SCHEMA public OWNER TO pg_database_owner");
        if (answer.sqlstate() != postgres::sqlstate::insufficient_privilege) {
            connection.require(answer);
        }
    }
    connection.execute(connection.server_version() >= 150000
                           ? "GRANT USAGE ON SCHEMA public TO PUBLIC"
                           : "GRANT ALL ON SCHEMA public TO PUBLIC");
}

void make_role(postgres::Connection& connection, const std::string& role) {
    if (connection.execute("SELECT FROM pg_roles WHERE rolname = $1", {role}).rows() > 0) {
        return;
    }
    const postgres::Answer answer =
        connection.attempt("CREATE ROLE " + connection.quote_name(role) + " NOLOGIN");
    if (answer.sqlstate() == postgres::sqlstate::insufficient_privilege) {
        throw Error(ErrorCode::database_refused,
                    "the primary's role " + role + " is missing on the replica's server: CREATE " +
                        "ROLE " + role + ", or let farshore's role make it (CREATEROLE)");
    }
    if (answer.sqlstate() != postgres::sqlstate::duplicate_object) {
        connection.require(answer);
    }
}

}  // namespace

void check_replica(postgres::Connection& connection, const StreamName& stream,
                   const config::Database& database) {
    check_rights(connection);
    if (database.adopt || read_progress(connection, stream, database.name)) {
        return;
    }
    const std::string table = find_rows(connection);
    if (!table.empty()) {
        throw Error(ErrorCode::replica_not_empty, "the database for replica " +
                                                      database.name.str() + " has rows in table " +
                                                      table + " that are not this stream's");
    }
}

DatabaseStanding replica_standing(const StreamName& stream, const config::Database& database,
                                  const postgres::WakeEvent& stop) {
    postgres::Connection connection(database.connection, stop);
    check_replica(connection, stream, database);
    DatabaseStanding standing;
    if (const auto progress = read_progress(connection, stream, database.name)) {
        standing.copied = progress->copied;
        standing.received = progress->lsn;
        standing.system_identifier = progress->system_identifier;
        standing.timeline = progress->timeline;
    }
    return standing;
}

void clear_replica(postgres::Connection& connection, const StreamName& stream,
                   const SourceName& database, const std::vector<std::string>& roles) {
    // First of all: from here on the replica is ours, and not whole.
    write_progress(connection, stream, database, {});
    connection.execute("SET client_min_messages = warning");
    connection.execute("SET lock_timeout = 0");
    drop_each(connection, "SELECT evtname FROM pg_event_trigger", "EVENT TRIGGER");
    drop_each(connection, "SELECT pubname FROM pg_publication", "PUBLICATION");
    drop_each(connection, user_schemas, "SCHEMA");
    drop_each(connection, "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'",
              "EXTENSION");
    drop_each(connection, "SELECT fdwname FROM pg_foreign_data_wrapper", "FOREIGN DATA WRAPPER");
    make_public_schema(connection);
    for (const std::string& role : roles) {
        make_role(connection, role);
    }
}

}  // namespace farshore::secondary
