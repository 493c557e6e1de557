#include "agent/secondary/postgres/copy_record.hpp"

namespace farshore::secondary {

namespace {

constexpr const char* make_tables =
    "CREATE SCHEMA IF NOT EXISTS farshore;"
    "CREATE TABLE IF NOT EXISTS farshore.copy ("
    " stream text, database text, schema_digest text NOT NULL, ddl_digest text NOT NULL, "
    "has_schema boolean NOT NULL,"
    " PRIMARY KEY (stream, database));"
    "CREATE TABLE IF NOT EXISTS farshore.copy_steps ("
    " stream text, database text, step text, PRIMARY KEY (stream, database, step))";

}  // namespace

CopyRecord read_copy_record(postgres::Connection& connection, const StreamName& stream,
                            const SourceName& database) {
    CopyRecord record;
    if (connection.execute("SELECT to_regclass('farshore.copy_steps')").is_null(0, 0)) {
        return record;
    }
    const postgres::Answer copy = connection.execute(
        "SELECT has_schema, schema_digest, ddl_digest FROM farshore.copy WHERE stream = $1 AND "
        "database = $2",
        {stream.str(), database.str()});
    if (copy.rows() == 0) {
        return record;
    }
    record.has_schema = copy.boolean(0, 0);
    record.schema = copy.text(0, 1);
    record.ddl = copy.text(0, 2);
    const postgres::Answer steps = connection.execute(
        "SELECT step FROM farshore.copy_steps WHERE stream = $1 AND database = $2",
        {stream.str(), database.str()});
    for (int row = 0; row < steps.rows(); ++row) {
        record.steps.emplace(steps.text(row, 0));
    }
    return record;
}

void begin_copy_record(postgres::Connection& connection, const StreamName& stream,
                       const SourceName& database, const CopyBegin& begin) {
    postgres::Transaction transaction(connection);
    connection.execute("SET LOCAL client_min_messages = warning");
    connection.execute(make_tables);
    connection.execute("DELETE FROM farshore.copy_steps WHERE stream = $1 AND database = $2",
                       {stream.str(), database.str()});
    connection.execute(
        "INSERT INTO farshore.copy VALUES ($1, $2, $3, $4, false) ON CONFLICT (stream, database)"
        " DO UPDATE SET schema_digest = excluded.schema_digest,"
        " ddl_digest = excluded.ddl_digest, has_schema = false",
        {stream.str(), database.str(), begin.schema.hex(), begin.ddl.hex()});
    transaction.commit();
}

void record_copied_ddl(postgres::Connection& connection, const StreamName& stream,
                       const SourceName& database, const CopyBegin& begin) {
    connection.execute(
        "UPDATE farshore.copy SET ddl_digest = $3 WHERE stream = $1 AND database = $2",
        {stream.str(), database.str(), begin.ddl.hex()});
}

void record_copied_schema(postgres::Connection& connection, const StreamName& stream,
                          const SourceName& database) {
    connection.execute(
        "UPDATE farshore.copy SET has_schema = true WHERE stream = $1 AND database = $2",
        {stream.str(), database.str()});
}

std::string record_step_sql(postgres::Connection& connection, const StreamName& stream,
                            const SourceName& database, const std::string& step) {
    return "INSERT INTO farshore.copy_steps VALUES (" + connection.quote_literal(stream.str()) +
           ", " + connection.quote_literal(database.str()) + ", " + connection.quote_literal(step) +
           ");\n";
}

void forget_copied_schema(postgres::Connection& connection, const StreamName& stream,
                          const SourceName& database) {
    if (connection.execute("SELECT to_regclass('farshore.copy')").is_null(0, 0)) {
        return;
    }
    connection.execute("DELETE FROM farshore.copy WHERE stream = $1 AND database = $2",
                       {stream.str(), database.str()});
}

}  // namespace farshore::secondary
