#include "agent/primary/postgres/sequence_reader.hpp"

#include <algorithm>

#include "agent/postgres/sql_error.hpp"

namespace farshore::primary {

namespace {

// NULL: nothing has been taken from it; then only the sequence itself tells what will be.
constexpr const char* list_values =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname),"
    " pg_catalog.pg_sequence_last_value(s.seqrelid)"
    " FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relpersistence <> 't' AND n.nspname <> 'farshore'"
    " AND has_sequence_privilege(s.seqrelid, 'SELECT')"
    " AND has_schema_privilege(c.relnamespace, 'USAGE')"
    // What is being altered or dropped is not waited for: it is read when that is through.
    " AND s.seqrelid NOT IN (SELECT l.relation FROM pg_locks l WHERE l.relation IS NOT NULL"
    "  AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',"
    "  'AccessExclusiveLock'))";

constexpr std::size_t names_at_once = 500;

// Gone, or altered, in this moment: the next mark reads them again.
bool passes(const postgres::Answer& failure) {
    return failure.sqlstate() == "42P01" || failure.sqlstate() == "XX000" ||
           failure.sqlstate() == postgres::sqlstate::lock_not_available;
}

void read_untaken(postgres::Connection& connection, const std::vector<std::string>& names,
                  SequenceMap& values) {
    for (std::size_t begin = 0; begin < names.size(); begin += names_at_once) {
        const std::size_t end = std::min(names.size(), begin + names_at_once);
        std::string sql;
        for (std::size_t i = begin; i < end; ++i) {
            sql += (sql.empty() ? "SELECT " : " UNION ALL SELECT ") +
                   connection.quote_literal(names[i]) + ", last_value, is_called FROM " + names[i];
        }
        const postgres::Answer answer = connection.attempt(sql);
        if (passes(answer)) {
            continue;
        }
        connection.require(answer);
        for (int row = 0; row < answer.rows(); ++row) {
            const std::string name(answer.text(row, 0));
            values[name] = {name, answer.integer(row, 1), answer.boolean(row, 2)};
        }
    }
}

}  // namespace

SequenceMap read_sequences(postgres::Connection& connection) {
    connection.execute("SET lock_timeout = '100ms'");
    const postgres::Answer answer = connection.attempt(list_values);
    SequenceMap values;
    if (passes(answer)) {
        return values;
    }
    connection.require(answer);
    std::vector<std::string> untaken;
    for (int row = 0; row < answer.rows(); ++row) {
        const std::string name(answer.text(row, 0));
        if (answer.is_null(row, 1)) {
            untaken.push_back(name);
        } else {
            values[name] = {name, answer.integer(row, 1), true};
        }
    }
    read_untaken(connection, untaken, values);
    return values;
}

std::vector<SequenceValue> changed_sequences(const SequenceMap& told, const SequenceMap& now,
                                             std::size_t limit_bytes) {
    constexpr std::size_t fixed_bytes = 4 + 8 + 1;
    std::vector<SequenceValue> changed;
    std::size_t bytes = 0;
    for (const auto& [name, value] : now) {
        const auto before = told.find(name);
        if (before != told.end() && before->second == value) {
            continue;
        }
        bytes += name.size() + fixed_bytes;
        if (bytes > limit_bytes) {
            break;
        }
        changed.push_back(value);
    }
    return changed;
}

}  // namespace farshore::primary
