#pragma once
// A row change as SQL with parameters. Pure.

#include <string>

#include "agent/secondary/postgres/replica_table.hpp"
#include "agent/secondary/postgres/row_values.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

// Each makes the statement's text and fills `values` with its parameters. The text depends only on
// the table and the shape of the change, so it can be prepared once. Throws Error(malformed) when
// the change does not fit the table.
[[nodiscard]] std::string insert_statement(const ReplicaTable& table, const pgoutput::Row& row,
                                           RowValues& values);
[[nodiscard]] std::string update_statement(const ReplicaTable& table,
                                           const pgoutput::Update& update, RowValues& values);
[[nodiscard]] std::string delete_statement(const ReplicaTable& table, const pgoutput::Row& old_row,
                                           RowValues& values);

// Whether an update can't go together with others of its table: it changes the key, or sets
// nothing, or what only INSERT may set.
[[nodiscard]] bool needs_statement_of_its_own(const ReplicaTable& table,
                                              const pgoutput::Update& update);

// "id = 5, part = 2": what finds the row, for people; at most a few hundred bytes.
[[nodiscard]] std::string describe_key(const ReplicaTable& table, const pgoutput::Row& row);

}  // namespace farshore::secondary
