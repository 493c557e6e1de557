#pragma once
// Whether the stream can go on where the secondary stands.

#include <map>
#include <optional>
#include <string>
#include <string_view>

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

// Where each older timeline was left, as the history file of the server's own tells it: lines of a
// timeline's number and an LSN. Pure.
[[nodiscard]] std::map<std::uint32_t, Lsn> parse_timeline_history(std::string_view text);

// What between the secondary's position and the stream is lost, or may be: another system, a
// timeline that was left before that position, a log that ends before it, a slot that is gone, lost
// or past it. PostgreSQL itself would go on without a word. `forks`: as above. Pure.
[[nodiscard]] std::optional<Error> find_gap(const DatabaseStanding& standing,
                                            const SystemFacts& system,
                                            const std::map<std::uint32_t, Lsn>& forks,
                                            const std::optional<SlotRow>& slot,
                                            bool has_publication);

}  // namespace farshore::primary
