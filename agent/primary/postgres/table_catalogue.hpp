#pragma once
// The tables of a database, and which of them can be carried.

#include <cstdint>
#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"

namespace farshore::primary {

struct TableFacts {
    std::string schema;
    std::string name;
    char kind = 'r';            // PostgreSQL's relkind: r, p, f, m
    char persistence = 'p';     // p, u
    bool has_identity = false;  // UPDATE and DELETE can be published
    bool is_owned = false;      // by a role that we are
    bool of_extension = false;
    bool is_published = false;
    std::uint64_t bytes = 0;

    [[nodiscard]] std::string full_name() const { return schema + "." + name; }
};

// All tables, foreign tables and materialized views that are not PostgreSQL's or ours, sorted.
[[nodiscard]] std::vector<TableFacts> list_tables(postgres::Connection& connection,
                                                  const std::string& publication);

// Whether the config's schemas and exclude_tables choose the table (shell patterns; an excluded
// pattern without a dot is for every schema).
[[nodiscard]] bool is_selected(const TableFacts& table, const config::Database& database);
// Empty when the table can be published; else what stands in the way, as a sentence.
[[nodiscard]] std::string obstacle(const TableFacts& table, const config::Database& database);

// The columns that are carried, in order: all but generated ones.
[[nodiscard]] std::vector<std::string> list_columns(postgres::Connection& connection,
                                                    const std::string& schema,
                                                    const std::string& table);

// SQL: true for a row `c` of pg_class whose UPDATEs and DELETEs can be published.
extern const char* const has_identity_sql;

}  // namespace farshore::primary
