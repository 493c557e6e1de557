#pragma once
// Many rows of one table in one statement: arrays as parameters, or the text of a COPY. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/secondary/postgres/table_changes.hpp"

namespace farshore::secondary {

// The text of an array that grows.
class ArrayText {
  public:
    // NULL or text; anything else is Error(malformed).
    void add(const pgoutput::Value& value);
    // The text is complete then.
    [[nodiscard]] std::string take();

  private:
    std::string text_ = "{";
};

// Must touch exactly `rows` rows.
struct BulkStatement {
    std::string sql;  // depends only on the table and the columns that are set
    std::vector<std::string> arrays;
    std::uint64_t rows = 0;
};

// Gathers rows for statements of the same kind.
class BulkRows {
  public:
    // The columns of which there is an array, in this order: first those of the key.
    explicit BulkRows(std::size_t columns) : arrays_(columns) {}

    void add(const pgoutput::Row& key, const pgoutput::Row& rest);
    [[nodiscard]] std::uint64_t rows() const { return rows_; }
    [[nodiscard]] std::vector<std::string> take();

  private:
    std::vector<ArrayText> arrays_;
    std::uint64_t rows_ = 0;
};

// The deletes and updates of `changes`, in the order in which they are to run: what goes makes room
// for what changes. The inserts come after them.
[[nodiscard]] std::vector<BulkStatement> bulk_statements(const ReplicaTable& table,
                                                         const TableChanges& changes);

// COPY, and a row as its text format has it.
[[nodiscard]] std::string copy_statement(const ReplicaTable& table);
void append_copy_row(const pgoutput::Row& row, std::string& to);

}  // namespace farshore::secondary
