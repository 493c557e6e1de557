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
    std::string name;      // as PostgreSQL has it
    std::string quoted;    // for SQL
    std::string type;      // for a cast
    bool is_key = false;   // finds the row
    std::string equality;  // of a key: OPERATOR(schema.=); empty: compare as text
    bool is_always_generated_identity = false;  // only INSERT may set it
};

// Invariants: columns are those of the primary's Relation message, in its order, all of them are in
// the replica; when no column is a key the whole row finds the row.
struct ReplicaTable {
    std::string name;    // schema.table, for people
    std::string quoted;  // for SQL
    std::vector<ReplicaColumn> columns;
    bool sends_whole_old_rows = false;  // REPLICA IDENTITY FULL

    [[nodiscard]] bool has_key() const;
};

// Throws Error(ddl_pending) when the replica lacks the table or a column.
[[nodiscard]] ReplicaTable describe_table(postgres::Connection& catalogue,
                                          const pgoutput::Relation& relation);

}  // namespace farshore::secondary
