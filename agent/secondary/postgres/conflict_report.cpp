#include "agent/secondary/postgres/conflict_report.hpp"

#include <algorithm>

#include "agent/secondary/postgres/row_statement.hpp"

namespace farshore::secondary {

namespace {

using pgoutput::Row;
using pgoutput::ValueKind;

constexpr std::size_t shown_row_bytes = 150;
constexpr std::size_t settling_bytes = 400;

// A row in which a value is missing, or is too long to be read, is of no use to anybody.
bool is_whole(const Row& row) {
    return std::all_of(row.begin(), row.end(), [](const pgoutput::Value& value) {
        return value.kind == ValueKind::null || value.kind == ValueKind::text;
    });
}

std::string shortened(std::string text) {
    if (text.size() > shown_row_bytes) {
        std::size_t end = shown_row_bytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
            --end;  // not within a character
        }
        text = text.substr(0, end) + "…";
    }
    return text;
}

std::string row_text(const ReplicaTable& table, const Row& row) {
    std::string text;
    for (std::size_t i = 0; i < row.size() && text.size() <= shown_row_bytes; ++i) {
        text +=
            (text.empty() ? "" : ", ") + table.columns[i].name + " = " +
            (row[i].kind == ValueKind::null   ? "NULL"
             : row[i].kind == ValueKind::text ? std::string(row[i].bytes.substr(0, shown_row_bytes))
                                              : "(not shown)");
    }
    return shortened(text);
}

// Those of the replica that the change would find, two at most.
std::vector<std::string> replica_rows(postgres::Connection& catalogue, const ReplicaTable& table,
                                      const Row& key) {
    RowValues values;
    std::string sql = delete_statement(table, key, values);
    const std::string deed = "DELETE FROM ONLY " + table.quoted;
    sql = "SELECT farshore_row::text FROM ONLY " + table.quoted + " AS farshore_row" +
          sql.substr(deed.size()) + " LIMIT 2";
    std::vector<postgres::Parameter> parameters;
    parameters.reserve(values.size());
    for (const char* value : values.pointers()) {
        parameters.push_back(value == nullptr ? std::nullopt : std::optional<std::string>(value));
    }
    const postgres::Answer answer = catalogue.execute(sql, parameters);
    std::vector<std::string> rows;
    rows.reserve(static_cast<std::size_t>(answer.rows()));
    for (int row = 0; row < answer.rows(); ++row) {
        rows.push_back(shortened(std::string(answer.text(row, 0))));
    }
    return rows;
}

std::string literal(postgres::Connection& catalogue, const pgoutput::Value& value) {
    return value.kind == ValueKind::null ? "NULL" : catalogue.quote_literal(value.bytes);
}

std::string insert_text(postgres::Connection& catalogue, const ReplicaTable& table,
                        const Row& row) {
    std::string names;
    std::string items;
    for (std::size_t i = 0; i < row.size(); ++i) {
        names += (i == 0 ? "" : ", ") + table.columns[i].quoted;
        items += (i == 0 ? "" : ", ") + literal(catalogue, row[i]);
    }
    return "INSERT INTO " + table.quoted + " (" + names + ") OVERRIDING SYSTEM VALUE VALUES (" +
           items + ")";
}

std::string delete_text(postgres::Connection& catalogue, const ReplicaTable& table,
                        const Row& row) {
    std::string condition;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (table.columns[i].is_key) {
            condition += (condition.empty() ? "" : " AND ") + table.columns[i].quoted + " = " +
                         literal(catalogue, row[i]);
        }
    }
    return "DELETE FROM ONLY " + table.quoted + " WHERE " + condition;
}

std::string sentence(const std::string& primary, const std::vector<std::string>& replica,
                     const std::string& settling) {
    std::string text = "; the primary's row: " + primary + "; the replica's: ";
    if (replica.empty()) {
        text += "none";
    }
    for (const std::string& row : replica) {
        text += (&row == &replica.front() ? "" : " and ") + row;
    }
    if (!settling.empty() && settling.size() <= settling_bytes) {
        text += "; settled by: " + settling;
    }
    return text;
}

std::string report(postgres::Connection& catalogue, const ReplicaTable& table,
                   const pgoutput::Message& change) {
    if (const auto* row = std::get_if<pgoutput::Insert>(&change)) {
        if (!table.has_key() || !is_whole(row->row)) {
            return "";
        }
        const auto there = replica_rows(catalogue, table, row->row);
        return sentence("(" + row_text(table, row->row) + ")", there,
                        there.empty() ? "" : delete_text(catalogue, table, row->row));
    }
    if (const auto* changed = std::get_if<pgoutput::Update>(&change)) {
        const Row& key = changed->old ? changed->old->row : changed->row;
        if (table.has_key() || is_whole(key)) {
            const auto there = replica_rows(catalogue, table, key);
            const bool is_missing = there.empty() && table.has_key() && !changed->old;
            return sentence("(" + row_text(table, changed->row) + ")", there,
                            is_missing && is_whole(changed->row)
                                ? insert_text(catalogue, table, changed->row)
                                : "");
        }
    }
    if (const auto* removed = std::get_if<pgoutput::Delete>(&change)) {
        if (table.has_key() || is_whole(removed->old.row)) {
            return sentence("deleted", replica_rows(catalogue, table, removed->old.row), "");
        }
    }
    return "";
}

}  // namespace

std::string report_conflict(postgres::Connection& catalogue, const ReplicaTable& table,
                            const pgoutput::Message& change) {
    try {
        return report(catalogue, table, change);
    } catch (const Error& error) {
        if (error.action() == Action::retry || error.code() == ErrorCode::cancelled) {
            throw;  // the connection: the change comes again
        }
        return "";
    }
}

}  // namespace farshore::secondary
