#include "agent/secondary/postgres/table_gate.hpp"

namespace farshore::secondary {

void TableGate::learn(const pgoutput::Relation& relation) {
    const auto found =
        standings_.find(TableName{std::string(relation.schema), std::string(relation.name)});
    if (found == standings_.end()) {
        by_relation_.erase(relation.id);
    } else {
        by_relation_.insert_or_assign(relation.id, found->second);
    }
}

bool TableGate::admits(std::uint32_t relation, Lsn commit) const {
    const auto found = by_relation_.find(relation);
    return found == by_relation_.end() || commit >= found->second;
}

}  // namespace farshore::secondary
