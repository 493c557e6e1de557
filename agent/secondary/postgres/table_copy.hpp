#pragma once
// The rows of one table as they arrive: into the replica, in the place of those that are there.

#include <cstdint>
#include <string>

#include "agent/postgres/connection.hpp"
#include "protocol/message_database.hpp"

namespace farshore::secondary {

// Invariants: everything happens in a transaction that the caller commits; until then whoever reads
// the table sees its old rows, or waits. Foreign keys are not looked at, triggers do not fire
// (session_replication_role is the connection's).
class TableCopy {
  public:
    // Begins the transaction.
    TableCopy(postgres::Connection& connection, const CopyTable& table);

    void take(const CopyData& data);
    // Throws conflict when the replica has taken another number of rows than were sent.
    void end(const CopyTableEnd& end);
    void commit() { transaction_.commit(); }
    [[nodiscard]] const TableName& name() const { return name_; }
    [[nodiscard]] Lsn lsn() const { return lsn_; }

  private:
    void empty();

    postgres::Connection& connection_;
    postgres::Transaction transaction_;
    TableName name_;
    std::string quoted_;
    Lsn lsn_;
};

}  // namespace farshore::secondary
