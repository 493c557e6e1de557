#pragma once
// The first copy as it arrives: into the replica.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/runtime/child_process.hpp"
#include "agent/secondary/postgres/replica_progress.hpp"
#include "protocol/frame.hpp"
#include "protocol/message_database.hpp"

namespace farshore::secondary {

// Invariants: the messages come in the order that message_database.hpp says, or Error(malformed);
// until finished() the replica says of itself that it is not copied.
class ReplicaCopy {
  public:
    // Empties the replica.
    ReplicaCopy(const StreamName& stream, const config::Database& database, const CopyBegin& begin,
                const postgres::WakeEvent& stop);

    // Every frame after CopyBegin. Throws what the replica's server or psql says.
    void take(const Frame& frame);
    // CopyEnd has been taken: the copy is complete and durable in the replica.
    [[nodiscard]] const std::optional<ReplicaProgress>& finished() const { return finished_; }

  private:
    void take_schema(const CopySchema& schema);
    void begin_table(const CopyTable& table);
    void take_data(const CopyData& data);
    void end_table(const CopyTableEnd& end);
    void end(const CopyEnd& end);
    void require(bool condition, const char* what) const;

    StreamName stream_;
    config::Database database_;
    CopyBegin begin_;
    const postgres::WakeEvent& stop_;
    postgres::Connection connection_;
    std::unique_ptr<runtime::ChildProcess> psql_;  // while a section comes
    std::string table_;                            // while its rows come
    std::uint64_t tables_done_ = 0;
    bool has_tables_ = false;  // pre_data is done
    bool is_whole_ = false;    // post_data is done
    std::optional<ReplicaProgress> finished_;
};

}  // namespace farshore::secondary
