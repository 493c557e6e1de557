#include "agent/primary/postgres/table_resend.hpp"

#include <string>

#include "agent/primary/postgres/object_names.hpp"

namespace farshore::primary {

namespace {

// A secondary reads a row of farshore.ddl whole, up to 16 MiB of it.
constexpr std::int64_t resent_row_bytes = 15LL << 20;

std::string mib_of(std::uint64_t bytes) {
    return std::to_string(bytes >> 20U) + " MiB";
}

}  // namespace

void resend_table(postgres::Connection& connection, const StreamName& stream,
                  const TableName& table, std::uint64_t limit_bytes) {
    const std::string quoted = connection.quote_name(table.schema, table.table);
    // Each statement sees what was committed before it: the rows are read behind the lock.
    postgres::Transaction transaction(connection, "BEGIN ISOLATION LEVEL READ COMMITTED");
    connection.execute("SET LOCAL synchronous_commit = local");
    connection.execute("SET LOCAL lock_timeout = '100ms'");
    const postgres::Answer found = connection.execute(
        "SELECT r.prrelid, pg_table_size(r.prrelid) FROM pg_publication_rel r"
        " JOIN pg_publication p ON p.oid = r.prpubid"
        " WHERE p.pubname = $1 AND r.prrelid = to_regclass($2)",
        {publication_name(stream), quoted});
    if (found.rows() == 0) {
        throw Error(ErrorCode::not_found, "the primary does not publish a table " + quoted);
    }
    const std::string relation(found.text(0, 0));
    const auto bytes = static_cast<std::uint64_t>(found.integer(0, 1));
    if (bytes > limit_bytes) {
        throw Error(ErrorCode::too_large,
                    "table " + quoted + " has " + mib_of(bytes) +
                        ", and is not copied alone above " + mib_of(limit_bytes) +
                        ", for its writers would wait: a new first copy of the database is needed");
    }
    // From here to the commit nobody changes it: the rows are those of that very place in the log.
    connection.execute("LOCK TABLE ONLY " + quoted + " IN SHARE MODE");
    const std::string before(
        connection.execute("SELECT coalesce(max(id), 0) FROM farshore.ddl").text(0, 0));
    connection.execute(
        "SELECT farshore.send_rows_where($1::oid, jsonb_build_object('only_if_set_aside',"
        " jsonb_build_array($2::text, $3::text)))",
        {relation, table.schema, table.table});
    const postgres::Answer largest = connection.execute(
        "SELECT coalesce(max(octet_length(command)), 0) FROM farshore.ddl WHERE id > $1::bigint",
        {before});
    if (largest.integer(0, 0) > resent_row_bytes) {
        throw Error(ErrorCode::too_large,
                    "table " + quoted + " has a row of more than " +
                        mib_of(static_cast<std::uint64_t>(resent_row_bytes)) +
                        " as text: a new first copy of the database is needed");
    }
    transaction.commit();
}

}  // namespace farshore::primary
