#include "agent/secondary/postgres/bulk_statement.hpp"

#include <utility>

namespace farshore::secondary {

namespace {

using pgoutput::Row;
using pgoutput::Value;
using pgoutput::ValueKind;

// So that no parameter grows without bound.
constexpr std::uint64_t statement_rows = 20'000;

void require_text(const Value& value) {
    if (value.kind != ValueKind::text) {
        throw Error(ErrorCode::malformed, "a change has a value without its text");
    }
}

// unnest($1::int8[], $2::text[]) AS v(a1, a2), of these columns.
std::string source_of(const ReplicaTable& table, const std::vector<std::size_t>& columns) {
    std::string arrays;
    std::string names;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const ReplicaColumn& column = table.columns[columns[i]];
        const std::string number = std::to_string(i + 1);
        arrays += (i == 0 ? "$" : ", $") + number +
                  "::" + (column.has_array ? column.plain_type : "pg_catalog.text") + "[]";
        names += (i == 0 ? "a" : ", a") + number;
    }
    return "unnest(" + arrays + ") AS v(" + names + ")";
}

std::string value_of(const ReplicaColumn& column, std::size_t number) {
    const std::string name = "v.a" + std::to_string(number);
    return column.has_array ? name : name + "::" + column.plain_type;
}

std::string condition_of(const ReplicaTable& table, const std::vector<std::size_t>& keys) {
    std::string condition;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const ReplicaColumn& column = table.columns[keys[i]];
        condition += (i == 0 ? "t." : " AND t.") + column.quoted + " " + column.equality + " " +
                     value_of(column, i + 1);
    }
    return condition;
}

// The statements of one table.
class Statements {
  public:
    explicit Statements(const ReplicaTable& table) : table_(table) {
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (table.columns[i].is_key) {
                keys_.push_back(i);
            }
        }
    }

    std::vector<BulkStatement> make(const TableChanges& changes) {
        BulkRows removed(keys_.size());
        for (const NetChange& change : changes.changes()) {
            if (change.removes) {
                change.key.unpack(key_);
                removed.add(key_, {});
                if (removed.rows() == statement_rows) {
                    end_removal(removed);
                }
            }
        }
        end_removal(removed);
        for (const NetChange& change : changes.changes()) {
            if (change.then == RowDeedKind::update) {
                change.key.unpack(key_);
                change.row.unpack(row_);
                add_update();
            }
        }
        for (auto& [columns, rows] : updates_) {
            end_update(columns, rows);
        }
        return std::move(made_);
    }

  private:
    void end_removal(BulkRows& rows) {
        if (rows.rows() == 0) {
            return;
        }
        const std::uint64_t count = rows.rows();
        made_.push_back({"DELETE FROM ONLY " + table_.quoted + " AS t USING " +
                             source_of(table_, keys_) + " WHERE " + condition_of(table_, keys_),
                         rows.take(), count});
    }

    // The updates that set the same columns go together.
    void add_update() {
        set_.clear();
        new_values_.clear();
        for (std::size_t i = 0; i < row_.size(); ++i) {
            const ReplicaColumn& column = table_.columns[i];
            if (row_[i].kind != ValueKind::unchanged && !column.is_key &&
                !column.is_always_generated_identity) {
                set_.push_back(i);
                new_values_.push_back(row_[i]);
            }
        }
        BulkRows& rows =
            updates_.try_emplace(set_, BulkRows(keys_.size() + set_.size())).first->second;
        rows.add(key_, new_values_);
        if (rows.rows() == statement_rows) {
            end_update(set_, rows);
        }
    }

    void end_update(const std::vector<std::size_t>& columns, BulkRows& rows) {
        if (rows.rows() == 0) {
            return;
        }
        std::vector<std::size_t> all = keys_;
        std::string assignments;
        for (const std::size_t column : columns) {
            all.push_back(column);
            assignments += (assignments.empty() ? "" : ", ") + table_.columns[column].quoted +
                           " = " + value_of(table_.columns[column], all.size());
        }
        const std::uint64_t count = rows.rows();
        made_.push_back({"UPDATE ONLY " + table_.quoted + " AS t SET " + assignments + " FROM " +
                             source_of(table_, all) + " WHERE " + condition_of(table_, keys_),
                         rows.take(), count});
    }

    const ReplicaTable& table_;
    std::vector<std::size_t> keys_;
    std::vector<BulkStatement> made_;
    std::map<std::vector<std::size_t>, BulkRows> updates_;
    std::vector<std::size_t> set_;
    Row key_;
    Row row_;
    Row new_values_;
};

}  // namespace

void ArrayText::add(const Value& value) {
    if (text_.size() > 1) {
        text_.push_back(',');
    }
    if (value.kind == ValueKind::null) {
        text_ += "NULL";
        return;
    }
    require_text(value);
    text_.push_back('"');
    for (const char byte : value.bytes) {
        if (byte == '"' || byte == '\\') {
            text_.push_back('\\');
        }
        text_.push_back(byte);
    }
    text_.push_back('"');
}

std::string ArrayText::take() {
    text_.push_back('}');
    return std::exchange(text_, "{");
}

void BulkRows::add(const Row& key, const Row& rest) {
    std::size_t array = 0;
    for (const Value& value : key) {
        arrays_[array++].add(value);
    }
    for (const Value& value : rest) {
        arrays_[array++].add(value);
    }
    ++rows_;
}

std::vector<std::string> BulkRows::take() {
    std::vector<std::string> texts;
    for (ArrayText& array : arrays_) {
        texts.push_back(array.take());
    }
    rows_ = 0;
    return texts;
}

std::vector<BulkStatement> bulk_statements(const ReplicaTable& table, const TableChanges& changes) {
    return Statements(table).make(changes);
}

std::string copy_statement(const ReplicaTable& table) {
    std::string names;
    for (const ReplicaColumn& column : table.columns) {
        names += (names.empty() ? "" : ", ") + column.quoted;
    }
    return "COPY " + table.quoted + " (" + names + ") FROM STDIN";
}

void append_copy_row(const Row& row, std::string& to) {
    bool is_first = true;
    for (const Value& value : row) {
        if (!std::exchange(is_first, false)) {
            to.push_back('\t');
        }
        if (value.kind == ValueKind::null) {
            to += "\\N";
            continue;
        }
        require_text(value);
        for (const char byte : value.bytes) {
            switch (byte) {
                case '\\':
                    to += "\\\\";
                    break;
                case '\t':
                    to += "\\t";
                    break;
                case '\n':
                    to += "\\n";
                    break;
                case '\r':
                    to += "\\r";
                    break;
                default:
                    to.push_back(byte);
            }
        }
    }
    to.push_back('\n');
}

}  // namespace farshore::secondary
