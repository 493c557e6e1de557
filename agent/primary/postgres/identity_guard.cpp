#include "agent/primary/postgres/identity_guard.hpp"

#include "agent/postgres/sql_error.hpp"
#include "agent/primary/postgres/ddl_functions.hpp"
#include "agent/primary/postgres/table_catalogue.hpp"

namespace farshore::primary {

const char* const guard_missing =
    "keys: no event trigger guards them (it takes a superuser): an UPDATE or DELETE fails on the "
    "primary when a published table's key is dropped without ALTER TABLE ... REPLICA IDENTITY FULL";

namespace {

constexpr const char* make_schema =
    "CREATE SCHEMA IF NOT EXISTS farshore;"
    "CREATE TABLE IF NOT EXISTS farshore.replica_identity ("
    " table_schema name, table_name name, previous \"char\" NOT NULL,"
    " PRIMARY KEY (table_schema, table_name));"
    "COMMENT ON SCHEMA farshore IS"
    " 'Made by the farshore agent; \"farshore detach\" removes it.'";

// All errors are caught: DDL of the application must not fail because of this function. Our own
// ALTER TABLE fires it again; then nothing is left to do. pg_temp comes last, or anybody's
// temporary pg_publication would be asked with our rights.
std::string guard_function() {
    return "CREATE OR REPLACE FUNCTION farshore.guard() RETURNS event_trigger LANGUAGE plpgsql"
           " SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
           " SET lock_timeout = '100ms' AS $guard$\n"
           "DECLARE t record;\n"
           "BEGIN\n"
           "  FOR t IN SELECT DISTINCT c.oid, farshore.name_of(c.oid) AS name, p.pubname\n"
           "    FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid\n"
           "    JOIN pg_class c ON c.oid = r.prrelid\n"
           "    WHERE p.pubname LIKE 'farshore\\_%' AND c.relkind = 'r' AND NOT " +
           std::string(has_identity_sql) +
           "\n  LOOP\n"
           "    BEGIN\n"
           "      PERFORM farshore.set_identity(t.oid, 'FULL');\n"
           "    EXCEPTION WHEN OTHERS THEN\n"
           "      EXECUTE format('ALTER PUBLICATION %I DROP TABLE ONLY %s', t.pubname, t.name);\n"
           "    END;\n"
           "  END LOOP;\n"
           "EXCEPTION WHEN OTHERS THEN\n"
           "  RAISE LOG 'farshore.guard: %', SQLERRM;\n"
           "END $guard$";
}

// What can take a key away, directly or by CASCADE: its index, its columns, their types (a view and
// a foreign table are types, too), and what those are made of.
const std::string tags =
    "'ALTER TABLE', 'ALTER TYPE', 'ALTER EXTENSION', 'DROP INDEX', 'DROP TABLE', 'DROP TYPE',"
    " 'DROP DOMAIN', 'DROP EXTENSION', 'DROP SCHEMA', 'DROP FUNCTION', 'DROP ROUTINE',"
    " 'DROP LANGUAGE', 'DROP COLLATION', 'DROP OPERATOR', 'DROP OPERATOR CLASS',"
    " 'DROP OPERATOR FAMILY', 'DROP ACCESS METHOD', 'DROP VIEW', 'DROP MATERIALIZED VIEW',"
    " 'DROP FOREIGN TABLE', 'DROP SERVER', 'DROP FOREIGN DATA WRAPPER', 'DROP OWNED'";
const std::string make_trigger =
    "CREATE EVENT TRIGGER farshore_guard ON ddl_command_end WHEN TAG IN (" + tags +
    ") EXECUTE FUNCTION farshore.guard(); ALTER EVENT TRIGGER farshore_guard ENABLE ALWAYS";

}  // namespace

bool has_guard(postgres::Connection& connection) {
    return connection
               .execute(
                   "SELECT FROM pg_event_trigger WHERE evtname = 'farshore_guard'"
                   " AND evtenabled = 'A' AND evttags @> ARRAY[" +
                   tags + "]")
               .rows() == 1;
}

void require_own_schema(postgres::Connection& connection) {
    const postgres::Answer owner = connection.execute(
        "SELECT r.rolname, r.rolsuper OR r.rolname = current_user, current_user FROM pg_namespace n"
        " JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = 'farshore'");
    if (owner.rows() > 0 && !owner.boolean(0, 1)) {
        throw Error(ErrorCode::database_refused,
                    "schema farshore belongs to role " + std::string(owner.text(0, 0)) +
                        ", whose functions would run with this role's rights: look at what is in "
                        "it, and DROP SCHEMA farshore CASCADE or ALTER SCHEMA farshore OWNER TO " +
                        connection.quote_name(owner.text(0, 2)));
    }
}

std::string ensure_guard(postgres::Connection& connection) {
    postgres::Transaction transaction(connection);
    connection.execute("SET LOCAL client_min_messages = warning");
    connection.execute(make_schema);
    require_own_schema(connection);
    make_ddl_functions(connection);
    connection.execute(guard_function());
    std::string missing;
    if (!has_guard(connection)) {
        connection.execute("SAVEPOINT guard");
        const postgres::Answer answer =
            connection.attempt("DROP EVENT TRIGGER IF EXISTS farshore_guard; " + make_trigger);
        if (answer.sqlstate() == postgres::sqlstate::insufficient_privilege) {
            connection.execute("ROLLBACK TO guard");
            missing = guard_missing;
        } else {
            connection.require(answer);
        }
    }
    transaction.commit();
    return missing;
}

bool give_full_identity(postgres::Connection& connection, const std::string& schema,
                        const std::string& table) {
    const std::string name = connection.quote_name(schema, table);
    postgres::Transaction transaction(connection);
    connection.execute("SET LOCAL lock_timeout = '100ms'");
    connection.execute(
        "INSERT INTO farshore.replica_identity SELECT n.nspname, c.relname, c.relreplident"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.oid = $1::regclass ON CONFLICT DO NOTHING",
        {name});
    const postgres::Answer answer =
        connection.attempt("ALTER TABLE ONLY " + name + " REPLICA IDENTITY FULL");
    if (answer.sqlstate() == postgres::sqlstate::lock_not_available) {
        return false;
    }
    connection.require(answer);
    transaction.commit();
    return true;
}

}  // namespace farshore::primary
