#pragma once
// The first copy of a database: schema and rows as one snapshot shows them, onto the lane.

#include <functional>
#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/connection/lane.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/primary/postgres/database_source.hpp"
#include "agent/primary/postgres/replication_connection.hpp"
#include "agent/primary/postgres/schema_dump.hpp"
#include "agent/primary/postgres/table_catalogue.hpp"
#include "protocol/message_database.hpp"

namespace farshore::primary {

// Where and what is copied. The snapshot lives as long as the replication connection that made it
// is left alone.
struct CopySource {
    std::string connection;
    std::string publication;
    Lsn stream;        // the changes that follow begin here
    CreatedSlot slot;  // of the snapshot; later than `stream` when an interrupted copy goes on
    SystemFacts system;
};

// Sends everything that is not there yet and waits for the secondary's result. Throws Error with
// what the secondary says when it can't go on there.
class FirstCopy {
  public:
    FirstCopy(CopySource source, connection::Lane& lane, const postgres::WakeEvent& stop,
              std::function<void(const CopyProgress&)> on_progress);

    // False when the copy was to go on, and the secondary has nothing to go on with: nothing has
    // been sent then.
    [[nodiscard]] bool run();

  private:
    void begin(const Digest& schema);
    [[nodiscard]] CopyStanding await_standing();
    void send_schema(const SchemaDump& schema, SchemaSection section);
    void send_table(const TableFacts& table);
    void send_tables(const std::vector<TableFacts>& tables, const CopyStanding& standing);
    void say(const std::string& sql);
    void require_seen(const TableFacts& table);
    [[nodiscard]] std::uint64_t send_rows();
    void send_frame(Frame frame);
    void await_result();
    static void take_result(const Frame& frame);
    [[nodiscard]] std::vector<std::string> roles();

    CopySource source_;
    connection::Lane& lane_;
    const postgres::WakeEvent& stop_;
    std::function<void(const CopyProgress&)> on_progress_;
    postgres::Connection connection_;
    postgres::Connection row_connection_;  // in the same snapshot: rows_ alone speaks on it
    postgres::MessageReader rows_;
    std::string see_snapshot_;  // SQL: begins a transaction in it
    CopyProgress progress_;
};

}  // namespace farshore::primary
