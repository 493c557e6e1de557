#pragma once
// Decoded changes into the replica, several of the primary's transactions in one of the replica's.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/secondary/postgres/ddl_applier.hpp"
#include "agent/secondary/postgres/large_change.hpp"
#include "agent/secondary/postgres/order_memory.hpp"
#include "agent/secondary/postgres/replica_progress.hpp"
#include "agent/secondary/postgres/replica_table.hpp"
#include "agent/secondary/postgres/row_values.hpp"
#include "agent/secondary/postgres/run_writer.hpp"
#include "agent/secondary/postgres/set_aside_gate.hpp"
#include "agent/secondary/postgres/statement_pipeline.hpp"
#include "agent/secondary/postgres/table_changes.hpp"
#include "agent/secondary/postgres/table_gate.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

enum class ApplyOrder : std::uint8_t {
    by_table,   // a run of changes is gathered for each table, and done at once
    as_it_came  // one by one
};

// Invariants: farshore.progress is locked while a group is open, and moves with it; progress() is
// what is committed; a table's changes come to what they would one by one, in their order; which
// tables are set aside is written in the transaction that leaves their changes out. After an Error
// the object is of no more use but for what failed.
class TransactionApplier {
  public:
    // Throws Error(replica_altered) when the replica's progress is gone.
    TransactionApplier(const StreamName& stream, const config::Database& database,
                       const postgres::WakeEvent& stop, OrderMemory& order, SetAsideWishes& wishes,
                       std::uint64_t gathered_bytes);

    [[nodiscard]] Lsn progress() const { return progress_; }
    [[nodiscard]] std::uint64_t rows() const { return committed_rows_; }
    // The table of which a run of changes was refused: one by one, in their order, they may be
    // taken, or the row be named that stands in the way.
    [[nodiscard]] const std::optional<std::string>& failed_run() const { return failed_run_; }
    // The table of which one change could not be applied, whatever the order.
    [[nodiscard]] std::optional<std::pair<TableName, Lsn>> failed_change() const;
    [[nodiscard]] const std::optional<FailedTableCopy>& failed_copy() const { return failed_copy_; }
    // As committed, after finish().
    [[nodiscard]] const SetAsideTables& set_aside() const { return aside_.tables(); }
    // For the transactions that follow.
    void set_order(ApplyOrder order) { order_now_ = order; }

    // What the session said of a relation; also from before the changes that are applied.
    void learn(std::string_view relation_message);
    // The transaction's commit record is at `commit`.
    void begin_transaction(Lsn commit) { commit_ = commit; }
    // A row change or truncate of a transaction that ends behind progress().
    void apply(const pgoutput::Message& change, Lsn lsn);
    // The same for a message over limits::whole_record: what it begins with, and what follows.
    void apply_large(std::string_view first, const NextBytes& more, Lsn lsn);
    // The transaction ends here. Commits the group when it has grown enough.
    void end_transaction(Lsn commit_end);
    // Everything up to `lsn` has been applied: commits, durably.
    void finish(Lsn lsn);
    // What the cut tells of sequences: before its rows (those that were not applied ahead of it);
    // and again after finish(), when DDL or a TRUNCATE has moved some. Durable.
    void set_sequences(const std::string& values);
    void settle_sequences();

  private:
    [[nodiscard]] const ReplicaTable& table(std::uint32_t relation);
    void open_group();
    void write_wishes();
    void commit_group(Lsn lsn);
    // Neither in the table's own copy already, nor of a table that is set aside.
    [[nodiscard]] bool admits(std::uint32_t relation) const {
        return gate_.admits(relation, commit_) && aside_.admits(relation);
    }
    void insert(const pgoutput::Insert& change, Lsn lsn);
    void update(const pgoutput::Update& change, Lsn lsn);
    void remove(const pgoutput::Delete& change, Lsn lsn);
    void truncate(const pgoutput::Truncate& change, Lsn lsn);
    // True: the change is in its table's run. False: it is to be done by itself, now.
    template <typename Change>
    [[nodiscard]] bool gather(const Change& change, const ReplicaTable& target, Lsn lsn);
    void write_run(std::uint32_t relation);
    void write_runs();
    void run(const std::string& sql, RowDeed deed);
    // Rows of schema farshore are not the users': one of farshore.ddl is a command.
    [[nodiscard]] bool is_own(const pgoutput::Message& change) const;
    void take_own(const pgoutput::Message& change, Lsn lsn);
    void take_ddl(const DdlCommand& command, Lsn lsn);
    // A change of a table that is set aside: that for which it is, is told of once more.
    void leave_out(std::uint32_t relation, const pgoutput::Message& change, Lsn lsn);
    // New rows of a table that is set aside.
    void take_copy(const DdlRows& rows);

    StreamName stream_;
    SourceName database_;
    postgres::Connection catalogue_;
    postgres::Connection connection_;
    Lsn progress_;
    TableGate gate_;
    SetAsideGate aside_;
    SetAsideWishes& wishes_;
    std::optional<FailedTableCopy> failed_copy_;
    StatementPipeline pipeline_;
    std::map<std::uint32_t, std::string> relations_;  // message by id
    std::map<std::uint32_t, ReplicaTable> tables_;    // those that were needed
    std::map<std::uint32_t, std::size_t> own_;        // of schema farshore: where commands are
    DdlApplier ddl_;
    std::map<std::uint32_t, TableChanges> runs_;  // not yet written, of the open group
    std::size_t run_bytes_ = 0;
    std::uint64_t gathered_bytes_;  // they are written then, whatever a transaction's size
    RunWriter writer_;
    OrderMemory& order_;
    ApplyOrder order_now_ = ApplyOrder::by_table;
    std::optional<std::string> failed_run_;
    RowValues values_;
    Lsn commit_;  // of the transaction under way
    bool group_is_open_ = false;
    // By DDL or TRUNCATE, since they were set last; or it is not known.
    bool sequences_moved_ = true;
    bool group_has_ddl_ = false;  // what the catalogue says to others is not what is here
    std::uint64_t group_changes_ = 0;
    Lsn group_lsn_;  // of its last change
    std::uint64_t committed_rows_ = 0;
};

}  // namespace farshore::secondary
