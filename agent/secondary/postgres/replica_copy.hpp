#pragma once
// The first copy as it arrives: into the replica.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/runtime/child_process.hpp"
#include "agent/secondary/postgres/copy_record.hpp"
#include "agent/secondary/postgres/replica_progress.hpp"
#include "agent/secondary/postgres/table_copy.hpp"
#include "protocol/frame.hpp"
#include "protocol/message_database.hpp"

namespace farshore::secondary {

// Invariants: the messages come in the order that message_database.hpp says, or Error(malformed);
// until finished() the replica says of itself that it is not copied. What is done is recorded in
// the transaction that does it: a copy that was interrupted goes on behind it. A replica that was
// whole and has the same schema keeps each table's old rows until its new ones are there.
class ReplicaCopy {
  public:
    // Empties the replica, unless what is there is of use.
    ReplicaCopy(const StreamName& stream, const config::Database& database, const CopyBegin& begin,
                const postgres::WakeEvent& stop);

    // What is there already: the answer to CopyBegin.
    [[nodiscard]] std::vector<CopyStanding> standing() const;
    // Every frame after CopyBegin. Throws what the replica's server or psql says.
    void take(const Frame& frame);
    // CopyEnd has been taken: the copy is complete and durable in the replica.
    [[nodiscard]] const std::optional<ReplicaProgress>& finished() const { return finished_; }
    // The latest snapshot that a table is of.
    [[nodiscard]] Lsn whole_from() const { return whole_from_; }

  private:
    [[nodiscard]] bool is_of_use(const std::optional<ReplicaProgress>& progress) const;
    void begin_anew();
    void go_on(bool is_new_copy);
    void take_schema(const CopySchema& schema);
    void open_psql();
    void run_steps();
    void begin_table(const CopyTable& table);
    void end_table(const CopyTableEnd& end);
    void end(const CopyEnd& end);
    void require(bool condition, const char* what) const;

    StreamName stream_;
    config::Database database_;
    CopyBegin begin_;
    const postgres::WakeEvent& stop_;
    postgres::Connection connection_;
    CopyRecord record_;
    std::set<TableName> tables_;                   // that are there
    std::unique_ptr<runtime::ChildProcess> psql_;  // while a section comes
    std::string post_data_;                        // as much of it as has come
    std::unique_ptr<TableCopy> table_;             // while its rows come
    Lsn whole_from_;
    bool is_whole_ = false;  // post_data is done
    std::optional<ReplicaProgress> finished_;
};

}  // namespace farshore::secondary
