#include "agent/primary/postgres/slot_check.hpp"

namespace farshore::primary {

namespace {

[[noreturn]] void gap(const std::string& what) {
    throw Error(ErrorCode::database_gap, what);
}

}  // namespace

std::optional<SlotRow> read_slot(postgres::Connection& connection, const std::string& name) {
    const postgres::Answer answer = connection.execute(
        "SELECT plugin, coalesce(wal_status, ''), coalesce(confirmed_flush_lsn, '0/0')"
        " FROM pg_replication_slots WHERE slot_name = $1",
        {name});
    if (answer.rows() == 0) {
        return std::nullopt;
    }
    SlotRow slot;
    slot.plugin = answer.text(0, 0);
    slot.wal_status = answer.text(0, 1);
    if (!parse_lsn(answer.text(0, 2), slot.confirmed)) {
        throw Error(ErrorCode::internal, "an LSN from the database does not parse");
    }
    return slot;
}

void require_no_gap(const DatabaseStanding& standing, const SystemFacts& system,
                    const std::optional<SlotRow>& slot, bool has_publication) {
    const std::string received = to_string(standing.received);
    if (!standing.system_identifier.empty() && standing.system_identifier != system.identifier) {
        gap("the replica was copied from system " + standing.system_identifier +
            ", the database now is of system " + system.identifier);
    }
    if (standing.timeline != 0 && standing.timeline != system.timeline) {
        gap("the replica was copied from timeline " + std::to_string(standing.timeline) +
            ", the server is on timeline " + std::to_string(system.timeline));
    }
    if (system.flushed < standing.received) {
        gap("the server's log ends at " + to_string(system.flushed) +
            ", before the received position " + received);
    }
    if (!has_publication) {
        gap("the publication is gone");
    }
    if (!slot) {
        gap("the replication slot is gone");
    }
    if (slot->plugin != "pgoutput") {
        gap("the replication slot is for plugin " + slot->plugin);
    }
    if (slot->wal_status == "lost") {
        gap("the server has removed log that the replication slot needs");
    }
    if (slot->confirmed > standing.received) {
        gap("the replication slot is at " + to_string(slot->confirmed) +
            ", past the received position " + received);
    }
}

}  // namespace farshore::primary
