#pragma once
// A table of the replica as its changes see it: what the primary said of it, what the replica's
// catalogue says.

#include <optional>
#include <string>
#include <vector>

#include "agent/postgres/connection.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

struct ReplicaColumn {
    std::string name;        // as PostgreSQL has it
    std::string quoted;      // for SQL
    std::string type;        // for a cast
    std::string plain_type;  // the same without a length: such a cast never cuts a value short
    bool has_array = false;  // an array of plain_type can be taken apart into such values
    bool is_key = false;     // finds the row
    std::string equality;    // of a key: OPERATOR(schema.=); empty: compare as text
    bool is_always_generated_identity = false;  // only INSERT may set it
};

// Invariants: columns are those of the primary's Relation message, in its order, all of them are in
// the replica; when no column is a key the whole row finds the row.
struct ReplicaTable {
    std::string name;    // schema.table, for people
    std::string quoted;  // for SQL
    std::vector<ReplicaColumn> columns;
    bool sends_whole_old_rows = false;  // REPLICA IDENTITY FULL
    // Triggers or rules of the replica act on what is applied: they shall see every change, in
    // order.
    bool is_watched = false;

    [[nodiscard]] bool has_key() const;
    // The key is that of a unique index: it finds a row at once, and no other.
    [[nodiscard]] bool is_found_by_index() const;
};

// Throws Error(ddl_pending) when the replica lacks the table or a column.
[[nodiscard]] ReplicaTable describe_table(postgres::Connection& catalogue,
                                          const pgoutput::Relation& relation);

}  // namespace farshore::secondary
