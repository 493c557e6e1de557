#pragma once
// farshore.ddl_note in the replica: statements of the primary that could not be applied, or not as
// they were, until somebody has seen to them.

#include <string>

#include "agent/postgres/connection.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::secondary {

enum class DdlStanding : std::uint8_t {
    fresh,    // not tried before
    pending,  // failed before, and may have been run by hand since
    settled,  // somebody says that it has been seen to
};

// Makes the table when it is missing.
void prepare_ddl_notes(postgres::Connection& connection);

[[nodiscard]] DdlStanding read_ddl_standing(postgres::Connection& connection, Lsn lsn);
// On a connection of its own: it stays although the transaction that failed is rolled back.
void note_pending_ddl(postgres::Connection& connection, Lsn lsn, const std::string& statement,
                      const std::string& reason);
// In the transaction that applies it: nothing is pending; `what` was left out of the statement, or
// is empty.
void note_applied_ddl(postgres::Connection& connection, Lsn lsn, const std::string& statement,
                      const std::string& what);

}  // namespace farshore::secondary
