#include "agent/secondary/postgres/ddl_notes.hpp"

namespace farshore::secondary {

namespace {

constexpr const char* make_table =
    "CREATE TABLE IF NOT EXISTS farshore.ddl_note ("
    " lsn pg_lsn PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), is_applied boolean NOT NULL,"
    " settled boolean NOT NULL DEFAULT false, statement text NOT NULL, note text NOT NULL)";

constexpr const char* write_note =
    "INSERT INTO farshore.ddl_note (lsn, is_applied, statement, note)"
    " VALUES ($1::pg_lsn, $2::boolean, $3, $4) ON CONFLICT (lsn) DO UPDATE SET"
    " is_applied = excluded.is_applied, statement = excluded.statement, note = excluded.note";

}  // namespace

void prepare_ddl_notes(postgres::Connection& connection) {
    if (connection.execute("SELECT to_regclass('farshore.ddl_note')").is_null(0, 0)) {
        connection.execute(make_table);
    }
}

DdlStanding read_ddl_standing(postgres::Connection& connection, Lsn lsn) {
    const postgres::Answer answer = connection.execute(
        "SELECT settled FROM farshore.ddl_note WHERE lsn = $1::pg_lsn", {to_string(lsn)});
    if (answer.rows() == 0) {
        return DdlStanding::fresh;
    }
    return answer.boolean(0, 0) ? DdlStanding::settled : DdlStanding::pending;
}

void note_pending_ddl(postgres::Connection& connection, Lsn lsn, const std::string& statement,
                      const std::string& reason) {
    connection.execute(write_note, {to_string(lsn), "false", statement, reason});
}

void note_applied_ddl(postgres::Connection& connection, Lsn lsn, const std::string& statement,
                      const std::string& what) {
    if (what.empty()) {
        connection.execute("DELETE FROM farshore.ddl_note WHERE lsn = $1::pg_lsn",
                           {to_string(lsn)});
    } else {
        connection.execute(write_note, {to_string(lsn), "true", statement, what});
    }
}

}  // namespace farshore::secondary
