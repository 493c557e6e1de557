#pragma once
// The tables of a replica that are set aside: what could not be applied to them, until they are
// copied anew. farshore.set_aside has a row for each.

#include <map>
#include <string>
#include <vector>

#include "agent/postgres/connection.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/message_database.hpp"

namespace farshore::secondary {

struct SetAside {
    Lsn lsn;             // of the change that could not be applied
    std::string reason;  // with table, key and LSN
    std::string note;    // why the last copy could not be taken; empty: none failed

    bool operator==(const SetAside&) const = default;
};

using SetAsideTables = std::map<TableName, SetAside>;

// For people, and by which the marks name its gap.
[[nodiscard]] inline std::string to_text(const TableName& table) {
    return table.schema + "." + table.table;
}

// A text that every database, mark and answer takes: not above `most` bytes, and UTF-8.
[[nodiscard]] std::string plain_reason(std::string text, std::size_t most);

// Makes schema farshore's table when it is missing.
void prepare_set_aside(postgres::Connection& connection);
// Empty where nothing was made.
[[nodiscard]] SetAsideTables read_set_aside(postgres::Connection& connection,
                                            const StreamName& stream, const SourceName& database);
// A first copy brings all tables.
void forget_set_aside(postgres::Connection& connection, const StreamName& stream,
                      const SourceName& database);

// --- in the caller's transaction, which also moves farshore.progress
// A table that is set aside already keeps what was said of it first.
void write_set_aside(postgres::Connection& connection, const StreamName& stream,
                     const SourceName& database, const TableName& table, const SetAside& what);
void amend_set_aside(postgres::Connection& connection, const StreamName& stream,
                     const SourceName& database, const TableName& table, const std::string& reason);
void note_set_aside(postgres::Connection& connection, const StreamName& stream,
                    const SourceName& database, const TableName& table, const std::string& note);
void close_set_aside(postgres::Connection& connection, const StreamName& stream,
                     const SourceName& database, const TableName& table);
// Around a DDL statement of the primary's. Those of the tables that are in the replica, by oid.
[[nodiscard]] std::vector<std::string> set_aside_relations(postgres::Connection& connection,
                                                           const StreamName& stream,
                                                           const SourceName& database);
// Follows those of `before` that have another name now, and lets go of those that were dropped.
[[nodiscard]] SetAsideTables follow_set_aside(postgres::Connection& connection,
                                              const StreamName& stream, const SourceName& database,
                                              const std::vector<std::string>& before);

}  // namespace farshore::secondary
