#include "agent/primary/postgres/database_setup.hpp"

#include <algorithm>

#include "agent/primary/postgres/ddl_capture.hpp"
#include "agent/primary/postgres/identity_guard.hpp"
#include "agent/primary/postgres/object_names.hpp"
#include "agent/primary/postgres/publication.hpp"
#include "agent/primary/postgres/table_catalogue.hpp"

namespace farshore::primary {

namespace {

constexpr int oldest_version = 130000;
// One agent's sources prepare one after the other: session-level, gone with the connection.
constexpr const char* take_turn = "SELECT pg_advisory_lock(7451, 1)";
constexpr const char* end_turn = "SELECT pg_advisory_unlock(7451, 1)";

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorCode::database_refused, what);
}

std::string setting(postgres::Connection& connection, const std::string& name) {
    return std::string(connection.execute("SELECT current_setting($1)", {name}).text(0, 0));
}

std::string array_literal(postgres::Connection& connection, const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts) {
        list += (list.empty() ? "" : ", ") + connection.quote_literal(text);
    }
    return "ARRAY[" + list + "]::text[]";
}

void check_slots(postgres::Connection& connection, const std::vector<std::string>& slots) {
    const postgres::Answer answer = connection.execute(
        "SELECT (SELECT count(*) FROM pg_replication_slots) + cardinality(wanted)"
        " - (SELECT count(*) FROM pg_replication_slots WHERE slot_name = ANY (wanted))"
        " - current_setting('max_replication_slots')::int,"
        " cardinality(wanted) - current_setting('max_wal_senders')::int"
        " FROM (SELECT " +
        array_literal(connection, slots) + ") AS w (wanted)");
    if (answer.integer(0, 0) > 0) {
        refuse("the server has too few replication slots: raise max_replication_slots (" +
               setting(connection, "max_replication_slots") + " now) by at least " +
               std::string(answer.text(0, 0)) + " and restart it");
    }
    if (answer.integer(0, 1) > 0) {
        refuse("the server allows too few walsenders: raise max_wal_senders (" +
               setting(connection, "max_wal_senders") + " now) by at least " +
               std::string(answer.text(0, 1)) + " and restart it");
    }
}

void check_rights(postgres::Connection& connection) {
    const postgres::Answer answer = connection.execute(
        "SELECT current_user, current_database(), rolsuper OR rolreplication OR EXISTS ("
        "  SELECT FROM pg_roles m WHERE m.rolname = 'rds_replication'"
        "  AND pg_has_role(current_user, m.oid, 'MEMBER')),"
        " has_database_privilege(current_database(), 'CREATE')"
        " FROM pg_roles WHERE rolname = current_user");
    const std::string role(answer.text(0, 0));
    if (!answer.boolean(0, 2)) {
        refuse("the role " + role + " may not replicate: ALTER ROLE " + role + " REPLICATION");
    }
    if (!answer.boolean(0, 3)) {
        refuse("the role " + role + " may not make a schema and a publication: GRANT CREATE ON " +
               "DATABASE " + std::string(answer.text(0, 1)) + " TO " + role);
    }
}

void append_tables(postgres::Connection& connection, const std::string& publication,
                   const config::Database& database, bool has_ddl,
                   std::vector<std::string>& uncovered) {
    for (const TableFacts& table : list_tables(connection, publication)) {
        const std::string reason = obstacle(table, database);
        // What a materialized view holds comes with its REFRESH.
        if (table.kind == 'p' || table.is_published || (table.kind == 'm' && has_ddl)) {
            continue;
        }
        uncovered.push_back(reason.empty()
                                ? "table " + table.full_name() +
                                      ": new since the first copy, or its lock was not to be had"
                                : reason);
    }
}

// They fire where the replica's rows are written as well: on what the primary's have already done.
void append_triggers(postgres::Connection& connection, const std::string& publication,
                     std::vector<std::string>& uncovered) {
    const postgres::Answer answer = connection.execute(
        "SELECT n.nspname || '.' || c.relname || '.' || t.tgname,"
        "  CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END"
        " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_publication_rel r ON r.prrelid = c.oid"
        " JOIN pg_publication p ON p.oid = r.prpubid"
        " WHERE p.pubname = $1 AND NOT t.tgisinternal AND t.tgenabled IN ('A', 'R')",
        {publication});
    for (int row = 0; row < answer.rows(); ++row) {
        uncovered.push_back(
            "trigger " + std::string(answer.text(row, 0)) + ": ENABLE " +
            std::string(answer.text(row, 1)) +
            ", so it fires in the replica too, and what it changes there may differ");
    }
}

}  // namespace

ServerIdentity read_identity(postgres::Connection& connection) {
    const postgres::Answer answer = connection.execute(
        "SELECT system_identifier, timeline_id, (SELECT setting FROM pg_settings"
        "  WHERE name = 'wal_segment_size') FROM pg_control_system(), pg_control_checkpoint()");
    return {std::string(answer.text(0, 0)), static_cast<std::uint32_t>(answer.integer(0, 1)),
            static_cast<std::uint64_t>(answer.integer(0, 2))};
}

void check_database(postgres::Connection& connection, const std::vector<std::string>& slots) {
    if (connection.server_version() < oldest_version) {
        refuse("the server is older than PostgreSQL 13");
    }
    const postgres::Answer recovery = connection.execute("SELECT pg_is_in_recovery()");
    if (recovery.boolean(0, 0)) {
        refuse("the server is a standby: name its primary in the connection");
    }
    const std::string level = setting(connection, "wal_level");
    if (level != "logical") {
        refuse("the server's wal_level is " + level +
               ": set wal_level = logical in postgresql.conf and restart it");
    }
    check_rights(connection);
    require_own_schema(connection);
    check_slots(connection, slots);
}

void prepare_database(postgres::Connection& connection, const StreamName& stream,
                      const config::Database& database, bool add_tables) {
    connection.execute(take_turn);
    (void)ensure_guard(connection);
    Publication publication(connection, publication_name(stream));
    if (add_tables || !publication.exists()) {
        publication.ensure(database);
    }
    ensure_ddl_capture(connection, publication_name(stream), database);
    connection.execute(end_turn);
}

std::vector<std::string> list_uncovered(postgres::Connection& connection, const StreamName& stream,
                                        const config::Database& database) {
    std::vector<std::string> uncovered;
    const bool has_ddl = has_ddl_capture(connection);
    append_tables(connection, publication_name(stream), database, has_ddl, uncovered);
    append_triggers(connection, publication_name(stream), uncovered);
    if (!has_guard(connection)) {
        uncovered.emplace_back(guard_missing);
    }
    if (!has_ddl) {
        uncovered.emplace_back(ddl_capture_missing);
    }
    const postgres::Answer answer = connection.execute(
        "SELECT (SELECT count(*) FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid"
        "  JOIN pg_namespace n ON n.oid = c.relnamespace"
        "  WHERE c.relpersistence <> 't' AND n.nspname <> 'farshore'"
        "  AND NOT (has_sequence_privilege(s.seqrelid, 'SELECT')"
        "   AND has_schema_privilege(c.relnamespace, 'USAGE'))),"
        " (SELECT count(*) FROM pg_largeobject_metadata)");
    if (answer.integer(0, 0) > 0) {
        uncovered.push_back("the values of " + std::string(answer.text(0, 0)) +
                            " sequences that this role may not SELECT");
    }
    if (answer.integer(0, 1) > 0) {
        uncovered.push_back(std::string(answer.text(0, 1)) + " large objects");
    }
    std::sort(uncovered.begin(), uncovered.end());
    return uncovered;
}

}  // namespace farshore::primary
