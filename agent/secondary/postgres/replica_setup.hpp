#pragma once
// Whether a database may become the replica, and how it is emptied for the first copy.

#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/secondary/postgres/replica_progress.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/message_session.hpp"

namespace farshore::secondary {

// Throws Error(database_refused) when a right is missing, Error(replica_not_empty) when the
// database holds rows that are not this stream's and adopt is not set.
void check_replica(postgres::Connection& connection, const StreamName& stream,
                   const config::Database& database);

// What the replica itself says, on a connection of its own, after check_replica(): for the Welcome
// and for --check. The stream goes on after the later of `received` and what the secondary's own
// state says was received.
[[nodiscard]] DatabaseStanding replica_standing(const StreamName& stream,
                                                const config::Database& database,
                                                const postgres::WakeEvent& stop);

// Everything of the users' goes, and farshore.progress says that nothing is copied yet. Makes the
// roles that are missing, without login.
void clear_replica(postgres::Connection& connection, const StreamName& stream,
                   const SourceName& database, const std::vector<std::string>& roles);

}  // namespace farshore::secondary
