#pragma once
// Which changes are left out because their table is set aside, within one applier's connection:
// what is in the replica, and what the open transaction has changed of it. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "agent/secondary/postgres/set_aside.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

// What is to be done in the next transaction that is committed; outlives an applier's connection.
struct SetAsideWishes {
    SetAsideTables tables;                            // to set aside, from its beginning
    std::set<TableName> reported;                     // of them: what the change has met is said
    std::map<TableName, std::string> notes;           // why a copy was not taken
    std::set<std::pair<TableName, Lsn>> left_copies;  // not to be taken: it failed; by commit

    [[nodiscard]] bool empty() const { return tables.empty() && notes.empty(); }
};

// A copy of a table that could not be taken.
struct FailedTableCopy {
    TableName table;
    Lsn commit;  // of the transaction that brought it
};

class SetAsideGate {
  public:
    explicit SetAsideGate(SetAsideTables tables) : tables_(std::move(tables)) {}

    [[nodiscard]] const SetAsideTables& tables() const { return tables_; }
    [[nodiscard]] bool empty() const { return tables_.empty(); }
    void learn(const pgoutput::Relation& relation) {
        names_[relation.id] = {std::string(relation.schema), std::string(relation.name)};
    }
    [[nodiscard]] bool admits(std::uint32_t relation) const {
        if (tables_.empty()) {
            return true;
        }
        const auto name = names_.find(relation);
        return name == names_.end() || !tables_.contains(name->second);
    }
    [[nodiscard]] std::optional<TableName> name(std::uint32_t relation) const {
        const auto found = names_.find(relation);
        return found == names_.end() ? std::nullopt : std::optional(found->second);
    }
    void add(const SetAsideTables& tables) { tables_.insert(tables.begin(), tables.end()); }
    void note(const TableName& table, const std::string& note) {
        const auto found = tables_.find(table);
        if (found != tables_.end()) {
            found->second.note = note;
        }
    }
    void amend(const TableName& table, const std::string& reason) {
        const auto found = tables_.find(table);
        if (found != tables_.end()) {
            found->second.reason = reason;
        }
    }
    void replace(SetAsideTables tables) { tables_ = std::move(tables); }

    // Its new rows come, all of them in the transaction that is open.
    void begin_copy(const TableName& table) { copied_.insert(table); }
    [[nodiscard]] bool is_copied(const TableName& table) const { return copied_.contains(table); }
    // The transaction is committed.
    void end_copies() {
        for (const TableName& table : copied_) {
            tables_.erase(table);
        }
        copied_.clear();
    }

  private:
    SetAsideTables tables_;
    std::set<TableName> copied_;
    std::map<std::uint32_t, TableName> names_;  // as the session has described them
};

}  // namespace farshore::secondary
