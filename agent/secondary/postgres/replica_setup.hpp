#pragma once
// Whether a database may become the replica, and how it is made one.

#include <optional>
#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/message_session.hpp"

namespace farshore::secondary {

// What farshore.progress says: how far the replica is.
struct ReplicaProgress {
    bool copied = false;
    Lsn lsn;
    std::string system_identifier;
    std::uint32_t timeline = 0;
};

// Throws Error(database_refused) when a right is missing, Error(replica_not_empty) when the
// database holds rows that are not this stream's and adopt is not set. nullopt: nothing of ours
// yet.
[[nodiscard]] std::optional<ReplicaProgress> check_replica(postgres::Connection& connection,
                                                           const StreamName& stream,
                                                           const config::Database& database);

// The same on a connection of its own; for the Welcome and for --check. A replica that is empty, or
// whose copy was not finished: copied = false.
[[nodiscard]] DatabaseStanding replica_standing(const StreamName& stream,
                                                const config::Database& database);

// Empties the replica for a first copy: everything of the users' goes, and farshore.progress says
// that nothing is copied yet. Makes the roles that are missing (without login).
void clear_replica(postgres::Connection& connection, const StreamName& stream,
                   const SourceName& database, const std::vector<std::string>& roles);

// The first copy is complete: what is in the replica is the primary's state at `progress.lsn`.
void record_copied(postgres::Connection& connection, const StreamName& stream,
                   const SourceName& database, const ReplicaProgress& progress);

}  // namespace farshore::secondary
