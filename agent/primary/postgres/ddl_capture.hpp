#pragma once
// farshore.ddl and the event triggers that fill it: DDL reaches the secondaries in its place among
// the changes of rows, and a new table is published in the transaction that makes it.

#include <string>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "protocol/digest.hpp"

namespace farshore::primary {

// Makes what is missing; after ensure_guard(), which makes the schema. Without a superuser there
// are no event triggers: has_ddl_capture() is false then, and adopt_tables() is all there is.
void ensure_ddl_capture(postgres::Connection& connection, const std::string& publication,
                        const config::Database& database);
[[nodiscard]] bool has_ddl_capture(postgres::Connection& connection);

// Publishes the tables that the publication should have and has not, each with all of its rows, at
// one moment: writers wait for as long as that takes, so larger tables than `limit_bytes` are left
// out. A table whose lock is not to be had within 100 ms is left for the next call.
void adopt_tables(postgres::Connection& connection, const std::string& publication,
                  std::uint64_t limit_bytes);

// Of the DDL that the connection's snapshot sees: any more of it gives another one.
[[nodiscard]] Digest ddl_digest(postgres::Connection& connection);

// Removes rows of farshore.ddl that are older than a day, some at a time; the log has them for as
// long as a secondary needs them. Writes nothing when there are none.
void trim_ddl(postgres::Connection& connection);

// The sentence of uncovered() for a database without the triggers.
extern const char* const ddl_capture_missing;

}  // namespace farshore::primary
