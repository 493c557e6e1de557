#include "agent/secondary/postgres/table_standing.hpp"

namespace farshore::secondary {

namespace {

constexpr const char* make_table =
    "CREATE SCHEMA IF NOT EXISTS farshore;"
    "CREATE TABLE IF NOT EXISTS farshore.tables ("
    " stream text, database text, table_schema text, table_name text, lsn pg_lsn NOT NULL,"
    " PRIMARY KEY (stream, database, table_schema, table_name))";

}  // namespace

void make_table_standings(postgres::Connection& connection) {
    connection.execute(make_table);
}

TableStandings read_table_standings(postgres::Connection& connection, const StreamName& stream,
                                    const SourceName& database) {
    TableStandings standings;
    if (connection.execute("SELECT to_regclass('farshore.tables')").is_null(0, 0)) {
        return standings;
    }
    const postgres::Answer answer = connection.execute(
        "SELECT table_schema, table_name, lsn FROM farshore.tables"
        " WHERE stream = $1 AND database = $2",
        {stream.str(), database.str()});
    for (int row = 0; row < answer.rows(); ++row) {
        Lsn lsn;
        if (!parse_lsn(answer.text(row, 2), lsn)) {
            throw Error(ErrorCode::internal, "an LSN from the database does not parse");
        }
        standings[TableName{std::string(answer.text(row, 0)), std::string(answer.text(row, 1))}] =
            lsn;
    }
    return standings;
}

void write_table_standing(postgres::Connection& connection, const StreamName& stream,
                          const SourceName& database, const TableName& table, Lsn lsn) {
    connection.execute(
        "INSERT INTO farshore.tables VALUES ($1, $2, $3, $4, $5::pg_lsn)"
        " ON CONFLICT (stream, database, table_schema, table_name) DO UPDATE SET"
        " lsn = excluded.lsn",
        {stream.str(), database.str(), table.schema, table.table, to_string(lsn)});
}

void forget_table_standings(postgres::Connection& connection, const StreamName& stream,
                            const SourceName& database) {
    connection.execute("DELETE FROM farshore.tables WHERE stream = $1 AND database = $2",
                       {stream.str(), database.str()});
}

}  // namespace farshore::secondary
