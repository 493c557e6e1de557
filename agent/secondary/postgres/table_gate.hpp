#pragma once
// Which changes of a table are applied: those from before its own copy are there already. Pure.

#include <cstdint>
#include <map>

#include "agent/secondary/postgres/table_standing.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

class TableGate {
  public:
    explicit TableGate(TableStandings standings) : standings_(std::move(standings)) {}

    // What the session said of a relation: its number stands for that table from now on.
    void learn(const pgoutput::Relation& relation);
    // `commit`: where the commit record of the change's transaction is.
    [[nodiscard]] bool admits(std::uint32_t relation, Lsn commit) const;

  private:
    TableStandings standings_;
    std::map<std::uint32_t, Lsn> by_relation_;  // only those that have one
};

}  // namespace farshore::secondary
