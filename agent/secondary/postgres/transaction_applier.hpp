#pragma once
// Decoded changes into the replica, several of the primary's transactions in one of the replica's.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/secondary/postgres/ddl_applier.hpp"
#include "agent/secondary/postgres/replica_progress.hpp"
#include "agent/secondary/postgres/replica_table.hpp"
#include "agent/secondary/postgres/row_values.hpp"
#include "agent/secondary/postgres/statement_pipeline.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

// Invariants: farshore.progress is locked while a group is open, and moves with it; progress() is
// what is committed. After an Error the object is of no more use.
class TransactionApplier {
  public:
    // Throws Error(replica_altered) when the replica's progress is gone.
    TransactionApplier(const StreamName& stream, const config::Database& database,
                       const postgres::WakeEvent& stop);

    [[nodiscard]] Lsn progress() const { return progress_; }
    [[nodiscard]] std::uint64_t rows() const { return pipeline_.rows(); }

    // What the session said of a relation; also from before the changes that are applied.
    void learn(std::string_view relation_message);
    // A row change or truncate of a transaction that ends behind progress().
    void apply(const pgoutput::Message& change, Lsn lsn);
    // The transaction ends here. Commits the group when it has grown enough.
    void end_transaction(Lsn commit_end);
    // Everything up to `lsn` has been applied: commits, durably.
    void finish(Lsn lsn);

  private:
    [[nodiscard]] const ReplicaTable& table(std::uint32_t relation);
    void open_group();
    void commit_group(Lsn lsn);
    void insert(const pgoutput::Insert& change, Lsn lsn);
    void update(const pgoutput::Update& change, Lsn lsn);
    void remove(const pgoutput::Delete& change, Lsn lsn);
    void truncate(const pgoutput::Truncate& change, Lsn lsn);
    void run(const std::string& sql, RowDeed deed);
    // Rows of schema farshore are not the users': one of farshore.ddl is a command.
    [[nodiscard]] bool is_own(const pgoutput::Message& change) const;
    void take_own(const pgoutput::Message& change, Lsn lsn);

    StreamName stream_;
    SourceName database_;
    postgres::Connection catalogue_;
    postgres::Connection connection_;
    Lsn progress_;
    StatementPipeline pipeline_;
    std::map<std::uint32_t, std::string> relations_;  // message by id
    std::map<std::uint32_t, ReplicaTable> tables_;    // those that were needed
    std::map<std::uint32_t, std::size_t> own_;        // of schema farshore: where commands are
    DdlApplier ddl_;
    RowValues values_;
    bool group_is_open_ = false;
    bool group_has_ddl_ = false;  // what the catalogue says to others is not what is here
    std::uint64_t group_rows_ = 0;
};

}  // namespace farshore::secondary
