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
    CreatedSlot slot;
    SystemFacts system;
};

// Sends everything and waits for the secondary's result. Throws Error with what the secondary says
// when it can't go on there.
class FirstCopy {
  public:
    FirstCopy(CopySource source, connection::Lane& lane, const postgres::WakeEvent& stop,
              std::function<void(const CopyProgress&)> on_progress);

    void run();

  private:
    void begin();
    void send_schema(const SchemaDump& schema, SchemaSection section);
    void send_table(const TableFacts& table);
    [[nodiscard]] std::uint64_t send_rows();
    void send_frame(Frame frame);
    void await_result();
    [[nodiscard]] bool take_result(Duration timeout);
    [[nodiscard]] std::vector<std::string> roles();

    CopySource source_;
    connection::Lane& lane_;
    const postgres::WakeEvent& stop_;
    std::function<void(const CopyProgress&)> on_progress_;
    postgres::Connection connection_;
    CopyProgress progress_;
};

}  // namespace farshore::primary
