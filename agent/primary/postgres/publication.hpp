#pragma once
// The publication: a list of tables, never FOR ALL TABLES.

#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/primary/postgres/table_catalogue.hpp"

namespace farshore::primary {

// Invariants: a table is published only with a replica identity, and that can't change in between:
// the lock that publishing takes keeps DDL out.
class Publication {
  public:
    Publication(postgres::Connection& connection, std::string name)
        : connection_(connection), name_(std::move(name)) {}

    // Makes the publication when it is missing, and adds the tables that the config chooses; those
    // without an identity get REPLICA IDENTITY FULL before. A table whose lock is not to be had is
    // left out: uncovered() names it.
    void ensure(const config::Database& database);
    [[nodiscard]] bool exists();
    // Of the tables in it.
    [[nodiscard]] std::vector<TableFacts> tables();

  private:
    void add(const std::vector<TableFacts>& tables);
    [[nodiscard]] bool try_add(const std::vector<TableFacts>& tables);
    [[nodiscard]] bool add_patiently(const TableFacts& table);

    postgres::Connection& connection_;
    std::string name_;
};

}  // namespace farshore::primary
