#pragma once
// What a run of changes comes to, into the replica.

#include "agent/secondary/postgres/bulk_statement.hpp"
#include "agent/secondary/postgres/statement_pipeline.hpp"

namespace farshore::secondary {

class RunWriter {
  public:
    RunWriter(postgres::Connection& connection, StatementPipeline& pipeline)
        : connection_(connection), pipeline_(pipeline) {}

    // When it returns all of it is done, within the open transaction, and touched exactly the rows
    // that it should. Throws what the server says, or Error(conflict); which row it was is not
    // known.
    void write(const ReplicaTable& table, const TableChanges& changes, Lsn last);

  private:
    void change(const ReplicaTable& table, const TableChanges& changes, Lsn last);
    void insert(const ReplicaTable& table, const TableChanges& changes, Lsn last);
    void copy(const ReplicaTable& table, const TableChanges& changes, std::uint64_t rows);
    void put(std::string& text);

    postgres::Connection& connection_;
    StatementPipeline& pipeline_;
    RowValues values_;
    pgoutput::Row row_;
};

}  // namespace farshore::secondary
