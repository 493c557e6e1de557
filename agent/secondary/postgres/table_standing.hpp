#pragma once
// The tables that a first copy has brought, and in which snapshot: it may be later than where
// farshore.progress stands. farshore.tables has a row for each.

#include <map>

#include "agent/postgres/connection.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/message_database.hpp"

namespace farshore::secondary {

// Of the snapshot that a table's rows are of: changes committed before it are there already.
using TableStandings = std::map<TableName, Lsn>;

// Makes schema farshore and the table when they are missing.
void make_table_standings(postgres::Connection& connection);
// Empty where nothing was made.
[[nodiscard]] TableStandings read_table_standings(postgres::Connection& connection,
                                                  const StreamName& stream,
                                                  const SourceName& database);
// In the caller's transaction; replaces the table's row.
void write_table_standing(postgres::Connection& connection, const StreamName& stream,
                          const SourceName& database, const TableName& table, Lsn lsn);
void forget_table_standings(postgres::Connection& connection, const StreamName& stream,
                            const SourceName& database);

}  // namespace farshore::secondary
