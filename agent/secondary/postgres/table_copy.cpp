#include "agent/secondary/postgres/table_copy.hpp"

#include <libpq-fe.h>

namespace farshore::secondary {

TableCopy::TableCopy(postgres::Connection& connection, const CopyTable& table)
    : connection_(connection),
      transaction_(connection),
      name_{table.schema, table.table},
      quoted_(connection.quote_name(table.schema, table.table)),
      lsn_(table.lsn) {
    empty();
    std::string columns;
    for (const std::string& column : table.columns) {
        columns += (columns.empty() ? " (" : ", ") + connection_.quote_name(column);
    }
    columns += columns.empty() ? "" : ")";
    connection_.execute("COPY " + quoted_ + columns + " FROM STDIN");
}

// TRUNCATE refuses a table that foreign keys of others refer to.
void TableCopy::empty() {
    const postgres::Answer rows = connection_.execute("SELECT FROM ONLY " + quoted_ + " LIMIT 1");
    if (rows.rows() == 0) {
        return;
    }
    const postgres::Answer referred = connection_.execute(
        "SELECT FROM pg_constraint WHERE confrelid = $1::regclass AND conrelid <> confrelid"
        " AND contype = 'f' LIMIT 1",
        {quoted_});
    connection_.execute((referred.rows() > 0 ? "DELETE FROM ONLY " : "TRUNCATE ONLY ") + quoted_);
}

void TableCopy::take(const CopyData& data) {
    if (PQputCopyData(connection_.raw(), data.bytes.data(), static_cast<int>(data.bytes.size())) !=
        1) {
        connection_.lost();
    }
}

void TableCopy::end(const CopyTableEnd& end) {
    if (PQputCopyEnd(connection_.raw(), nullptr) != 1) {
        connection_.lost();
    }
    std::uint64_t rows = 0;
    while (const auto answer = connection_.next_answer()) {
        connection_.require(*answer);
        rows = answer->affected();
    }
    if (rows != end.rows) {
        throw Error(ErrorCode::conflict, "table " + quoted_ + " was sent with " +
                                             std::to_string(end.rows) + " rows, the replica has " +
                                             std::to_string(rows));
    }
}

}  // namespace farshore::secondary
