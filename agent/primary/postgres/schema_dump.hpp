#pragma once
// The schema of a database as SQL text, by PostgreSQL's own tools.

#include <functional>
#include <string>
#include <string_view>

#include "agent/postgres/wake_event.hpp"
#include "agent/runtime/child_process.hpp"
#include "protocol/digest.hpp"
#include "protocol/message_database.hpp"

namespace farshore::primary {

// Invariants: holds what pg_dump saw in the snapshot, in memory; farshore's own objects are not in
// it.
class SchemaDump {
  public:
    // Throws Error(database_refused) with what pg_dump says.
    SchemaDump(const std::string& conninfo, const std::string& snapshot,
               const postgres::WakeEvent& stop);

    // Hands out the section's text in pieces of at most limits::payload_piece.
    void read(SchemaSection section, const std::function<void(std::string_view)>& each) const;

    // Of the text of both sections; the same for the same schema.
    [[nodiscard]] Digest digest() const;

  private:
    void choose_entries();

    int stop_descriptor_;
    runtime::MemoryFile archive_;
    runtime::MemoryFile entries_;  // what of the archive is used, as pg_restore --list has it
};

}  // namespace farshore::primary
