#include "agent/secondary/postgres/set_aside.hpp"

#include <algorithm>

#include "protocol/json.hpp"

namespace farshore::secondary {

namespace {

// relation: the replica's, by which a table that is renamed is known again.
constexpr const char* make_set_aside =
    "CREATE SCHEMA IF NOT EXISTS farshore;"
    "CREATE TABLE IF NOT EXISTS farshore.set_aside ("
    " stream text, database text, table_schema text, table_name text, relation oid,"
    " at timestamptz NOT NULL DEFAULT now(), lsn pg_lsn NOT NULL, reason text NOT NULL,"
    " note text NOT NULL DEFAULT '',"
    " PRIMARY KEY (stream, database, table_schema, table_name))";

bool has_set_aside(postgres::Connection& connection) {
    return !connection.execute("SELECT to_regclass('farshore.set_aside')").is_null(0, 0);
}

std::vector<postgres::Parameter> place_of(const StreamName& stream, const SourceName& database,
                                          const TableName& table) {
    return {stream.str(), database.str(), table.schema, table.table};
}

}  // namespace

std::string plain_reason(std::string text, std::size_t most) {
    if (text.size() > most) {
        while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) {
            --most;
        }
        text.resize(most);
    }
    if (!is_valid_utf8(text)) {
        std::replace_if(
            text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; },
            '?');
    }
    return text;
}

void prepare_set_aside(postgres::Connection& connection) {
    if (!has_set_aside(connection)) {
        connection.execute(make_set_aside);
    }
}

SetAsideTables read_set_aside(postgres::Connection& connection, const StreamName& stream,
                              const SourceName& database) {
    SetAsideTables tables;
    if (!has_set_aside(connection)) {
        return tables;
    }
    const postgres::Answer answer = connection.execute(
        "SELECT table_schema, table_name, lsn, reason, note FROM farshore.set_aside"
        " WHERE stream = $1 AND database = $2",
        {stream.str(), database.str()});
    for (int row = 0; row < answer.rows(); ++row) {
        SetAside what{.lsn = {},
                      .reason = std::string(answer.text(row, 3)),
                      .note = std::string(answer.text(row, 4))};
        if (!parse_lsn(answer.text(row, 2), what.lsn)) {
            throw Error(ErrorCode::internal, "an LSN from the database does not parse");
        }
        tables[{std::string(answer.text(row, 0)), std::string(answer.text(row, 1))}] = what;
    }
    return tables;
}

void forget_set_aside(postgres::Connection& connection, const StreamName& stream,
                      const SourceName& database) {
    if (has_set_aside(connection)) {
        connection.execute("DELETE FROM farshore.set_aside WHERE stream = $1 AND database = $2",
                           {stream.str(), database.str()});
    }
}

void write_set_aside(postgres::Connection& connection, const StreamName& stream,
                     const SourceName& database, const TableName& table, const SetAside& what) {
    std::vector<postgres::Parameter> values = place_of(stream, database, table);
    values.insert(values.end(), {connection.quote_name(table.schema, table.table),
                                 to_string(what.lsn), what.reason, what.note});
    connection.execute(
        "INSERT INTO farshore.set_aside (stream, database, table_schema, table_name, relation,"
        " lsn, reason, note) VALUES ($1, $2, $3, $4, to_regclass($5)::oid, $6::pg_lsn, $7, $8)"
        " ON CONFLICT DO NOTHING",
        values);
}

void amend_set_aside(postgres::Connection& connection, const StreamName& stream,
                     const SourceName& database, const TableName& table,
                     const std::string& reason) {
    std::vector<postgres::Parameter> values = place_of(stream, database, table);
    values.emplace_back(reason);
    connection.execute(
        "UPDATE farshore.set_aside SET reason = $5 WHERE stream = $1 AND database = $2"
        " AND table_schema = $3 AND table_name = $4",
        values);
}

void note_set_aside(postgres::Connection& connection, const StreamName& stream,
                    const SourceName& database, const TableName& table, const std::string& note) {
    std::vector<postgres::Parameter> values = place_of(stream, database, table);
    values.emplace_back(note);
    connection.execute(
        "UPDATE farshore.set_aside SET note = $5 WHERE stream = $1 AND database = $2"
        " AND table_schema = $3 AND table_name = $4",
        values);
}

void close_set_aside(postgres::Connection& connection, const StreamName& stream,
                     const SourceName& database, const TableName& table) {
    connection.execute(
        "DELETE FROM farshore.set_aside WHERE stream = $1 AND database = $2"
        " AND table_schema = $3 AND table_name = $4",
        place_of(stream, database, table));
}

std::vector<std::string> set_aside_relations(postgres::Connection& connection,
                                             const StreamName& stream, const SourceName& database) {
    const postgres::Answer answer = connection.execute(
        "SELECT relation FROM farshore.set_aside WHERE stream = $1 AND database = $2"
        " AND EXISTS (SELECT FROM pg_class c WHERE c.oid = relation)",
        {stream.str(), database.str()});
    std::vector<std::string> relations;
    relations.reserve(static_cast<std::size_t>(answer.rows()));
    for (int row = 0; row < answer.rows(); ++row) {
        relations.emplace_back(answer.text(row, 0));
    }
    return relations;
}

SetAsideTables follow_set_aside(postgres::Connection& connection, const StreamName& stream,
                                const SourceName& database,
                                const std::vector<std::string>& before) {
    for (const std::string& relation : before) {
        connection.execute(
            "DELETE FROM farshore.set_aside WHERE stream = $1 AND database = $2"
            " AND relation = $3::oid AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = $3::oid)",
            {stream.str(), database.str(), relation});
        connection.execute(
            "UPDATE farshore.set_aside SET table_schema = n.nspname, table_name = c.relname"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE stream = $1 AND database = $2 AND relation = $3::oid AND c.oid = $3::oid",
            {stream.str(), database.str(), relation});
    }
    return read_set_aside(connection, stream, database);
}

}  // namespace farshore::secondary
