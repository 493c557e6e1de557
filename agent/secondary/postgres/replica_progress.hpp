#pragma once
// The row in the replica that says how far it is: farshore.progress.

#include <optional>
#include <string>

#include "agent/postgres/connection.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::secondary {

struct ReplicaProgress {
    bool copied = false;  // the first copy is complete
    Lsn lsn;              // every transaction at or before it is in the replica
    std::string system_identifier;
    std::uint32_t timeline = 0;
};

// nullopt when the database holds nothing of ours for this stream and source.
[[nodiscard]] std::optional<ReplicaProgress> read_progress(postgres::Connection& connection,
                                                           const StreamName& stream,
                                                           const SourceName& database);
// Makes the table when it is missing; replaces the row.
void write_progress(postgres::Connection& connection, const StreamName& stream,
                    const SourceName& database, const ReplicaProgress& progress);

}  // namespace farshore::secondary
