#pragma once
// What a run of changes comes to for one table: at most one deed for each key. Pure.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/secondary/postgres/replica_table.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

// A row kept beyond the message that it came in.
class PackedRow {
  public:
    PackedRow() = default;
    explicit PackedRow(const pgoutput::Row& row);

    // Valid as long as this row is where it is.
    void unpack(pgoutput::Row& row) const;
    [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  private:
    std::string bytes_;
};

enum class RowDeedKind : std::uint8_t { nothing, insert, update };

// First the row that was there before goes, if it does, then the rest is done.
struct NetChange {
    bool removes = false;
    RowDeedKind then = RowDeedKind::nothing;
    PackedRow key;  // the key's columns, of a table with a key
    PackedRow row;  // all columns, unless nothing is done then
};

enum class Taken : std::uint8_t {
    yes,
    alone,         // it must be applied by itself, after what is gathered here
    contradiction  // a row that can not be there, or must be: only the replica can tell
};

// Invariants: what is gathered comes to the same as the changes in their order did, wherever those
// found the rows that they were for; keys are compared by their text, which for the rows of one
// table is the same only if the values are.
class TableChanges {
  public:
    explicit TableChanges(const ReplicaTable& table);

    [[nodiscard]] Taken take(const pgoutput::Insert& change);
    [[nodiscard]] Taken take(const pgoutput::Update& change);
    [[nodiscard]] Taken take(const pgoutput::Delete& change);

    [[nodiscard]] const std::deque<NetChange>& changes() const { return changes_; }
    [[nodiscard]] bool empty() const { return changes_.empty(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    void clear();

  private:
    // False when a value of the key is not there.
    [[nodiscard]] bool find_key(const pgoutput::Row& row);
    [[nodiscard]] NetChange* known();
    NetChange& add();
    void set_row(NetChange& change, const pgoutput::Row& row);

    const ReplicaTable& table_;
    bool is_searched_by_key_;
    std::deque<NetChange> changes_;
    std::unordered_map<std::string, NetChange*> by_key_;
    std::size_t bytes_ = 0;
    pgoutput::Row key_row_;  // of the change at hand
    std::string key_;
    pgoutput::Row scratch_;
};

}  // namespace farshore::secondary
