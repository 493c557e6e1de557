#pragma once
// What the primary's event triggers wrote into farshore.ddl: a statement that changed the schema,
// or rows that logical decoding does not bring.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/message_database.hpp"

namespace farshore::secondary {

// An object that the statement made or changed, as the primary's catalogue has it afterwards.
struct DdlObject {
    std::string type;      // "table"
    std::string identity;  // "public.t"; empty: not told
    std::string owner;     // empty: not told
};

// The value that the rows of before have in a column that was added.
struct AddedValue {
    std::string table;  // as SQL
    std::string column;
    std::string array;  // an array of one, as text
};

// All rows of a table, or more of them.
struct DdlRows {
    std::string table;  // as SQL
    std::vector<std::string> columns;
    bool clear = false;  // what the table holds goes before
    std::string values;  // a JSON array of rows as text; empty: none
    // A new copy: only for a replica that has this table set aside.
    std::optional<TableName> only_if_set_aside = std::nullopt;
};

// Invariants: one of statements, text, rows and failure says what is to be done.
struct DdlCommand {
    std::string tag;
    std::vector<std::string> statements;  // with all names qualified, for any role
    // The text that the statement was in, with number `number` (from 0) of those with its tag, or
    // when is_exact of all.
    std::string text;
    std::uint64_t number = 0;
    bool is_exact = false;
    std::string failure;  // why the statement could not be told
    std::string needs;    // a table that must be here, as SQL; `text` makes it
    DdlRows rows;
    std::string role;               // who ran it
    bool is_superuser = false;      // that role, on the primary
    std::vector<std::string> path;  // the search path
    std::map<std::string, std::string> settings;
    std::vector<DdlObject> objects;
    std::vector<AddedValue> added;
};

// Throws Error(malformed).
[[nodiscard]] DdlCommand parse_ddl_command(std::string_view json);

struct ChosenStatement {
    std::string text;
    bool is_certain = false;  // nothing else in the text could be meant
};

// The statement of `text` that the command is about; empty text: none fits. Pure.
[[nodiscard]] ChosenStatement choose_statement(const DdlCommand& command);

}  // namespace farshore::secondary
