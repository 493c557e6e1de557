#pragma once
// What must be so before a database can be replicated, and what farshore puts into it for that.

#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::primary {

struct ServerIdentity {
    std::string system_identifier;
    std::uint32_t timeline = 0;
    std::uint64_t segment_bytes = 0;  // of its log
};

[[nodiscard]] ServerIdentity read_identity(postgres::Connection& connection);

// Throws Error(database_refused) naming the first setting or right that is missing: version,
// wal_level, REPLICATION, CREATE, a schema farshore that is ours, slots and senders for `slots`.
void check_database(postgres::Connection& connection, const std::vector<std::string>& slots);

// Guard, identities and publication: all committed when it returns. With `add_tables` tables that
// the publication lacks are added: only while no secondary streams from it, or it would get rows of
// tables that it has never copied.
void prepare_database(postgres::Connection& connection, const StreamName& stream,
                      const config::Database& database, bool add_tables);

// Everything of the database that does not reach the secondaries, one sentence each, sorted.
[[nodiscard]] std::vector<std::string> list_uncovered(postgres::Connection& connection,
                                                      const StreamName& stream,
                                                      const config::Database& database);

}  // namespace farshore::primary
