#include "agent/secondary/postgres/row_statement.hpp"

#include "agent/secondary/postgres/large_values.hpp"

namespace farshore::secondary {

namespace {

using pgoutput::Row;
using pgoutput::ValueKind;

constexpr std::size_t described_bytes = 300;

void require_columns(const ReplicaTable& table, const Row& row) {
    if (row.size() != table.columns.size()) {
        throw Error(ErrorCode::malformed, "a row of table " + table.name + " has " +
                                              std::to_string(row.size()) + " values, the table " +
                                              std::to_string(table.columns.size()) + " columns");
    }
}

std::string parameter(RowValues& values, const pgoutput::Value& value,
                      const ReplicaColumn& column) {
    if (value.kind == ValueKind::stored) {
        return large_value_expression(value.bytes) + "::" + column.plain_type;
    }
    values.add(value);
    return "$" + std::to_string(values.size());
}

void join(std::string& list, std::string_view separator, const std::string& item) {
    if (!list.empty()) {
        list += separator;
    }
    list += item;
}

// What finds the row whose values `row` has: by its key, or else by all of its values. A table
// without a key may hold the row several times: any one of them is it.
std::string where(const ReplicaTable& table, const Row& row, RowValues& values) {
    const bool by_key = table.has_key();
    std::string condition;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const ReplicaColumn& column = table.columns[i];
        if (by_key && !column.is_key) {
            continue;
        }
        if (column.is_key && !column.equality.empty()) {
            join(condition, " AND ",
                 column.quoted + " " + column.equality + " " + parameter(values, row[i], column));
        } else {
            // Both through the same cast, for it does not always print what the type does.
            join(condition, " AND ",
                 "(" + column.quoted + "::text COLLATE \"C\") IS NOT DISTINCT FROM (" +
                     parameter(values, row[i], column) + "::" + column.type + ")::text");
        }
    }
    if (by_key) {
        return condition;
    }
    return "ctid = (SELECT ctid FROM ONLY " + table.quoted +
           (condition.empty() ? "" : " WHERE " + condition) + " LIMIT 1)";
}

// The values that find the row before the update.
const Row& old_values(const ReplicaTable& table, const pgoutput::Update& update) {
    if (update.old) {
        return update.old->row;
    }
    if (table.sends_whole_old_rows) {
        throw Error(ErrorCode::malformed,
                    "an update of table " + table.name + " came without the old row");
    }
    return update.row;
}

std::string describe_value(const pgoutput::Value& value) {
    switch (value.kind) {
        case ValueKind::null:
            return "NULL";
        case ValueKind::stored:
            return "(too large to show)";
        default:
            return std::string(value.bytes.substr(0, 100));
    }
}

bool is_same(const pgoutput::Value& a, const pgoutput::Value& b) {
    return a.kind == b.kind && a.bytes == b.bytes;
}

// A column that only INSERT may set is left out of an update when it has not changed.
enum class Change { none, possible };

Change change_of(const ReplicaTable& table, std::size_t column, const pgoutput::Update& update) {
    const pgoutput::Value& value = update.row[column];
    if (value.kind == ValueKind::unchanged) {
        return Change::none;
    }
    const bool is_key = table.columns[column].is_key;
    if (update.old && (is_key || table.sends_whole_old_rows)) {
        return is_same(update.old->row[column], value) ? Change::none : Change::possible;
    }
    return is_key ? Change::none : Change::possible;
}

bool needs_new_row(const ReplicaTable& table, const pgoutput::Update& update) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (table.columns[i].is_always_generated_identity &&
            change_of(table, i, update) == Change::possible) {
            return true;
        }
    }
    return false;
}

// The row is taken out and put in again with its new values.
std::string move_statement(const ReplicaTable& table, const pgoutput::Update& update,
                           RowValues& values) {
    std::string names;
    std::string items;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const ReplicaColumn& column = table.columns[i];
        join(names, ", ", column.quoted);
        join(items, ", ",
             update.row[i].kind == ValueKind::unchanged
                 ? "gone." + column.quoted
                 : parameter(values, update.row[i], column) + "::" + column.type);
    }
    const std::string found = where(table, old_values(table, update), values);
    return "WITH gone AS (DELETE FROM ONLY " + table.quoted + " WHERE " + found +
           " RETURNING *) INSERT INTO " + table.quoted + " (" + names +
           ") OVERRIDING SYSTEM VALUE SELECT " + items + " FROM gone";
}

}  // namespace

std::string insert_statement(const ReplicaTable& table, const Row& row, RowValues& values) {
    require_columns(table, row);
    values.clear();
    if (row.empty()) {
        return "INSERT INTO " + table.quoted + " DEFAULT VALUES";
    }
    std::string names;
    std::string items;
    for (std::size_t i = 0; i < row.size(); ++i) {
        join(names, ", ", table.columns[i].quoted);
        join(items, ", ", parameter(values, row[i], table.columns[i]));
    }
    return "INSERT INTO " + table.quoted + " (" + names + ") OVERRIDING SYSTEM VALUE VALUES (" +
           items + ")";
}

std::string update_statement(const ReplicaTable& table, const pgoutput::Update& update,
                             RowValues& values) {
    require_columns(table, update.row);
    if (update.old) {
        require_columns(table, update.old->row);
    }
    values.clear();
    if (needs_new_row(table, update)) {
        return move_statement(table, update, values);
    }
    std::string assignments;
    for (std::size_t i = 0; i < update.row.size(); ++i) {
        if (update.row[i].kind == ValueKind::unchanged ||
            table.columns[i].is_always_generated_identity) {
            continue;
        }
        join(assignments, ", ",
             table.columns[i].quoted + " = " + parameter(values, update.row[i], table.columns[i]));
    }
    const std::string found = where(table, old_values(table, update), values);
    if (assignments.empty()) {
        return "SELECT FROM ONLY " + table.quoted + " WHERE " + found;
    }
    return "UPDATE ONLY " + table.quoted + " SET " + assignments + " WHERE " + found;
}

std::string delete_statement(const ReplicaTable& table, const Row& old_row, RowValues& values) {
    require_columns(table, old_row);
    values.clear();
    return "DELETE FROM ONLY " + table.quoted + " WHERE " + where(table, old_row, values);
}

bool needs_statement_of_its_own(const ReplicaTable& table, const pgoutput::Update& update) {
    if (update.old ? update.old->row.size() != update.row.size() : table.sends_whole_old_rows) {
        return true;
    }
    if (needs_new_row(table, update)) {
        return true;
    }
    bool sets_something = false;
    for (std::size_t i = 0; i < update.row.size(); ++i) {
        if (table.columns[i].is_key) {
            if (change_of(table, i, update) == Change::possible) {
                return true;
            }
        } else if (update.row[i].kind != ValueKind::unchanged &&
                   !table.columns[i].is_always_generated_identity) {
            sets_something = true;
        }
    }
    return !sets_something;
}

std::string describe_key(const ReplicaTable& table, const Row& row) {
    const bool by_key = table.has_key();
    std::string text;
    for (std::size_t i = 0; i < row.size() && text.size() < described_bytes; ++i) {
        if (by_key && !table.columns[i].is_key) {
            continue;
        }
        join(text, ", ", table.columns[i].name + " = " + describe_value(row[i]));
    }
    return text.substr(0, described_bytes);
}

}  // namespace farshore::secondary
