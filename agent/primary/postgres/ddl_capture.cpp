#include "agent/primary/postgres/ddl_capture.hpp"

#include <cctype>

#include "agent/postgres/sql_error.hpp"
#include "agent/primary/postgres/ddl_functions.hpp"

namespace farshore::primary {

const char* const ddl_capture_missing =
    "schema changes (DDL): no event triggers tell of them (it takes a superuser); the stream stops "
    "with DDL_PENDING where a change needs one that the replica lacks";

namespace {

constexpr int trigger_count = 4;

// A shell pattern as a regular expression of PostgreSQL's.
std::string to_regex(const std::string& pattern) {
    std::string regex = "^";
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        const std::size_t close = c == '[' ? pattern.find(']', i + 2) : std::string::npos;
        if (c == '*') {
            regex += ".*";
        } else if (c == '?') {
            regex += '.';
        } else if (close != std::string::npos) {
            std::string set = pattern.substr(i + 1, close - i - 1);
            set[0] = set[0] == '!' ? '^' : set[0];
            regex += "[" + set + "]";
            i = close;
        } else {
            const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
                               static_cast<unsigned char>(c) >= 0x80;
            regex += plain ? "" : "\\";
            regex += c;
        }
    }
    return regex + "$";
}

std::string regex_array(postgres::Connection& connection,
                        const std::vector<std::string>& patterns) {
    std::string list;
    for (const std::string& pattern : patterns) {
        list += (list.empty() ? "" : ", ") + connection.quote_literal(to_regex(pattern));
    }
    return "ARRAY[" + list + "]::text[]";
}

void make_triggers(postgres::Connection& connection) {
    if (has_ddl_capture(connection)) {
        return;
    }
    connection.execute("SAVEPOINT triggers");
    const postgres::Answer answer = connection.attempt(
        "DROP EVENT TRIGGER IF EXISTS farshore_ddl_start;"
        "DROP EVENT TRIGGER IF EXISTS farshore_ddl_rewrite;"
        "DROP EVENT TRIGGER IF EXISTS farshore_ddl_drop;"
        "DROP EVENT TRIGGER IF EXISTS farshore_ddl_end;" +
        std::string(ddl_triggers));
    if (answer.sqlstate() == postgres::sqlstate::insufficient_privilege) {
        connection.execute("ROLLBACK TO SAVEPOINT triggers");
    } else {
        connection.require(answer);
    }
}

void publish_own_table(postgres::Connection& connection, const std::string& publication) {
    const postgres::Answer lacking = connection.execute(
        "SELECT FROM pg_publication p WHERE p.pubname = $1 AND NOT EXISTS (SELECT FROM"
        " pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = 'farshore.ddl'::regclass)",
        {publication});
    if (lacking.rows() > 0) {
        connection.execute("ALTER PUBLICATION " + connection.quote_name(publication) +
                           " ADD TABLE farshore.ddl");
    }
}

bool adopt_table(postgres::Connection& connection, const std::string& relation,
                 const std::string& name) {
    postgres::Transaction transaction(connection);
    connection.execute("SET LOCAL lock_timeout = '100ms'");
    const postgres::Answer locked =
        connection.attempt("LOCK TABLE ONLY " + name + " IN SHARE ROW EXCLUSIVE MODE");
    if (locked.is_failure()) {
        return false;
    }
    const postgres::Answer adopted =
        connection.attempt("SELECT farshore.send(jsonb_build_object('needs', farshore.name_of(" +
                           relation + "), 'text', farshore.whole_definition_of(" + relation +
                           ")));"
                           "SELECT farshore.publish(" +
                           relation + ", true)");
    if (adopted.is_failure() || !adopted.boolean(0, 0)) {
        return false;
    }
    transaction.commit();
    return true;
}

}  // namespace

bool has_ddl_capture(postgres::Connection& connection) {
    return connection
               .execute(
                   "SELECT FROM pg_event_trigger WHERE evtname LIKE 'farshore\\_ddl\\_%'"
                   " AND evtenabled = 'A'")
               .rows() == trigger_count;
}

void ensure_ddl_capture(postgres::Connection& connection, const std::string& publication,
                        const config::Database& database) {
    postgres::Transaction transaction(connection);
    connection.execute("SET LOCAL client_min_messages = warning");
    connection.execute("SET LOCAL lock_timeout = '2s'");
    connection.execute(
        "INSERT INTO farshore.selection AS s SELECT " + connection.quote_literal(publication) +
        ", " + regex_array(connection, database.schemas) + ", " +
        regex_array(connection, database.exclude_tables) +
        " ON CONFLICT (publication) DO UPDATE SET schemas = excluded.schemas,"
        " excluded = excluded.excluded WHERE (s.schemas, s.excluded) IS DISTINCT FROM"
        " (excluded.schemas, excluded.excluded)");
    publish_own_table(connection, publication);
    make_triggers(connection);
    transaction.commit();
}

// All ids, not the newest one: a transaction with an older one may be committed later.
Digest ddl_digest(postgres::Connection& connection) {
    if (connection.execute("SELECT to_regclass('farshore.ddl')").is_null(0, 0)) {
        return sha256("");
    }
    return sha256(connection
                      .execute("SELECT coalesce(string_agg(id::text, ',' ORDER BY id),"
                               " (SELECT 'none but ' || last_value FROM farshore.ddl_id_seq))"
                               " FROM farshore.ddl")
                      .text(0, 0));
}

void trim_ddl(postgres::Connection& connection) {
    connection.execute(
        "DELETE FROM farshore.ddl WHERE at < now() - interval '1 day' AND id IN ("
        " SELECT id FROM farshore.ddl WHERE (SELECT at FROM farshore.ddl ORDER BY id LIMIT 1)"
        "  < now() - interval '1 day' ORDER BY id LIMIT 1000)");
}

void adopt_tables(postgres::Connection& connection, const std::string& publication,
                  std::uint64_t limit_bytes) {
    const postgres::Answer tables = connection.execute(
        "SELECT oid, farshore.name_of(oid) FROM pg_class c WHERE relkind = 'r' AND oid >= 16384"
        " AND relpersistence = 'p' AND pg_has_role(relowner, 'USAGE')"
        " AND CASE WHEN EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p"
        "  ON p.oid = r.prpubid WHERE p.pubname = $1 AND r.prrelid = c.oid) THEN false"
        "  WHEN NOT farshore.lacks($1, oid) THEN false"
        "  ELSE pg_table_size(oid) <= $2::bigint END",
        {publication, std::to_string(limit_bytes)});
    for (int row = 0; row < tables.rows(); ++row) {
        (void)adopt_table(connection, std::string(tables.text(row, 0)),
                          std::string(tables.text(row, 1)));
    }
}

}  // namespace farshore::primary
