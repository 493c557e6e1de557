#pragma once
// Whether the stream can go on where the secondary stands.

#include <optional>
#include <string>

#include "agent/postgres/connection.hpp"
#include "agent/primary/postgres/replication_connection.hpp"
#include "protocol/message_session.hpp"

namespace farshore::primary {

// A slot as pg_replication_slots has it.
struct SlotRow {
    std::string plugin;
    std::string wal_status;
    Lsn confirmed;
};

[[nodiscard]] std::optional<SlotRow> read_slot(postgres::Connection& connection,
                                               const std::string& name);

// Throws Error(database_gap) when something between the secondary's position and the stream is
// lost, or may be: another system or timeline, a log that ends before it, a slot that is gone, lost
// or past it. PostgreSQL itself would go on without a word. Pure.
void require_no_gap(const DatabaseStanding& standing, const SystemFacts& system,
                    const std::optional<SlotRow>& slot, bool has_publication);

}  // namespace farshore::primary
