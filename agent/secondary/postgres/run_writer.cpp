#include "agent/secondary/postgres/run_writer.hpp"

#include <libpq-fe.h>

#include <algorithm>

#include "agent/secondary/postgres/row_statement.hpp"

namespace farshore::secondary {

namespace {

// Fewer are not worth the round trips of a COPY.
constexpr std::uint64_t copied_rows = 20;
constexpr std::size_t copy_piece = 256ULL << 10;

// Rows are found by the index, however few the planner thinks there are. Only for our own
// statements: others in the same transaction (the primary's DDL) are planned as ever.
constexpr const char* by_index =
    "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', "
    "true),"
    " set_config('enable_seqscan', 'off', true)";
constexpr const char* as_ever =
    "SELECT set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true),"
    " set_config('enable_seqscan', 'on', true)";

}  // namespace

void RunWriter::write(const ReplicaTable& table, const TableChanges& changes, Lsn last) {
    change(table, changes, last);
    insert(table, changes, last);
    pipeline_.finish();
}

void RunWriter::change(const ReplicaTable& table, const TableChanges& changes, Lsn last) {
    const auto statements = bulk_statements(table, changes);
    if (statements.empty()) {
        return;
    }
    pipeline_.run(by_index);
    for (const BulkStatement& statement : statements) {
        pipeline_.run(
            statement.sql, statement.arrays, statement.rows,
            {statement.sql.starts_with("DELETE") ? "delete" : "update", table.name, "", last});
    }
    pipeline_.run(as_ever);
}

void RunWriter::insert(const ReplicaTable& table, const TableChanges& changes, Lsn last) {
    const auto inserts = [](const NetChange& change) { return change.then == RowDeedKind::insert; };
    const auto rows = static_cast<std::uint64_t>(
        std::count_if(changes.changes().begin(), changes.changes().end(), inserts));
    if (rows >= copied_rows) {
        pipeline_.outside([&] { copy(table, changes, rows); });
        return;
    }
    for (const NetChange& change : changes.changes()) {
        if (inserts(change)) {
            change.row.unpack(row_);
            const std::string sql = insert_statement(table, row_, values_);
            pipeline_.run(sql, values_, {"insert", table.name, describe_key(table, row_), last});
        }
    }
}

void RunWriter::copy(const ReplicaTable& table, const TableChanges& changes, std::uint64_t rows) {
    connection_.execute(copy_statement(table));
    std::string text;
    for (const NetChange& change : changes.changes()) {
        if (change.then == RowDeedKind::insert) {
            change.row.unpack(row_);
            append_copy_row(row_, text);
            if (text.size() >= copy_piece) {
                put(text);
            }
        }
    }
    put(text);
    if (PQputCopyEnd(connection_.raw(), nullptr) != 1) {
        connection_.lost();
    }
    std::uint64_t copied = 0;
    while (const auto answer = connection_.next_answer()) {
        connection_.require(*answer);
        copied = answer->affected();
    }
    if (copied != rows) {
        throw Error(ErrorCode::conflict, "of " + std::to_string(rows) + " rows for table " +
                                             table.name + " " + std::to_string(copied) +
                                             " were put in");
    }
    pipeline_.count(rows);
}

void RunWriter::put(std::string& text) {
    if (PQputCopyData(connection_.raw(), text.data(), static_cast<int>(text.size())) != 1) {
        connection_.lost();
    }
    text.clear();
}

}  // namespace farshore::secondary
