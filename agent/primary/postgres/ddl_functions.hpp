#pragma once
// The functions and event triggers that tell of DDL, as SQL.
//
// Each DDL statement of the application becomes a row of farshore.ddl in the same transaction. The
// table is in every publication of ours, so the row comes in order between the changes of rows. (A
// logical message would do the same, but anybody may send one, and PostgreSQL 13 does not decode
// it.) A row is JSON: the text that the statement was in (`text`, with its number among those of
// its tag, search path, role and settings), or statements that were put together from the catalogue
// (`sql`: DROP, CREATE TABLE AS, identities), or rows that logical decoding does not bring
// (`rows`: of CREATE TABLE AS, of a table that was rewritten with values of its own, of one that is
// published later), or why a statement could not be told (`failed`).
//
// The outermost functions run as whoever runs the DDL, and know his role and search path; those
// that write are SECURITY DEFINER, and do only what an event trigger's own facts say: anybody may
// call them. All of them catch every error.

#include "agent/postgres/connection.hpp"

namespace farshore::primary {

// Makes the tables and functions in schema farshore, within the transaction that is open. Writes
// nothing when they are there already.
void make_ddl_functions(postgres::Connection& connection);

// Makes the event triggers.
extern const char* const ddl_triggers;

}  // namespace farshore::primary
