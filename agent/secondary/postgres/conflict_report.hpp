#pragma once
// What a change that could not be applied has met: both versions of its row, and what would settle
// it.

#include <string>

#include "agent/postgres/connection.hpp"
#include "agent/secondary/postgres/replica_table.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

// "; the primary's row: (id = 7, v = seven); the replica's: none; settled by: INSERT INTO …", a few
// hundred bytes of each. Empty where that can't be told (the row was not sent whole, or what it is
// found by does not fit the replica's types).
[[nodiscard]] std::string report_conflict(postgres::Connection& catalogue,
                                          const ReplicaTable& table,
                                          const pgoutput::Message& change);

}  // namespace farshore::secondary
