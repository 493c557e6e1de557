#include "agent/secondary/postgres/replica_progress.hpp"

namespace farshore::secondary {

namespace {

constexpr const char* make_progress =
    "CREATE SCHEMA IF NOT EXISTS farshore;"
    "CREATE TABLE IF NOT EXISTS farshore.progress ("
    " stream text, database text, copied boolean NOT NULL, lsn pg_lsn NOT NULL,"
    " system_identifier text NOT NULL, timeline bigint NOT NULL, PRIMARY KEY (stream, database));"
    "COMMENT ON SCHEMA farshore IS"
    " 'Made by the farshore agent; \"farshore detach\" removes it.'";

}  // namespace

std::optional<ReplicaProgress> read_progress(postgres::Connection& connection,
                                             const StreamName& stream, const SourceName& database) {
    if (connection.execute("SELECT to_regclass('farshore.progress')").is_null(0, 0)) {
        return std::nullopt;
    }
    const postgres::Answer answer = connection.execute(
        "SELECT copied, lsn, system_identifier, timeline FROM farshore.progress"
        " WHERE stream = $1 AND database = $2",
        {stream.str(), database.str()});
    if (answer.rows() == 0) {
        return std::nullopt;
    }
    ReplicaProgress progress;
    progress.copied = answer.boolean(0, 0);
    if (!parse_lsn(answer.text(0, 1), progress.lsn)) {
        throw Error(ErrorCode::internal, "an LSN from the database does not parse");
    }
    progress.system_identifier = answer.text(0, 2);
    progress.timeline = static_cast<std::uint32_t>(answer.integer(0, 3));
    return progress;
}

void write_progress(postgres::Connection& connection, const StreamName& stream,
                    const SourceName& database, const ReplicaProgress& progress) {
    postgres::Transaction transaction(connection);
    connection.execute("SET LOCAL client_min_messages = warning");
    // Durable when this returns, whatever the server's default is.
    connection.execute("SET LOCAL synchronous_commit = local");
    connection.execute(make_progress);
    connection.execute(
        "INSERT INTO farshore.progress VALUES ($1, $2, $3::boolean, $4::pg_lsn, $5, $6::bigint)"
        " ON CONFLICT (stream, database) DO UPDATE SET copied = excluded.copied,"
        " lsn = excluded.lsn, system_identifier = excluded.system_identifier,"
        " timeline = excluded.timeline",
        {stream.str(), database.str(), progress.copied ? "t" : "f", to_string(progress.lsn),
         progress.system_identifier, std::to_string(progress.timeline)});
    transaction.commit();
}

}  // namespace farshore::secondary
