#include "agent/secondary/postgres/ddl_applier.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "agent/postgres/sql_error.hpp"
#include "agent/secondary/postgres/sql_statements.hpp"
#include "protocol/error.hpp"

namespace farshore::secondary {

namespace {

constexpr int adaptations = 20;
constexpr std::size_t shown_bytes = 2000;

// What the statement's text may depend on, beside the primary's own settings.
const std::map<std::string, std::string> own_settings{
    {"row_security", "on"}, {"check_function_bodies", "off"}, {"client_min_messages", "warning"}};

// What the primary's session tells and a text's meaning depends on; nothing else is taken over.
constexpr std::array told_settings{"TimeZone", "DateStyle", "IntervalStyle",
                                   "standard_conforming_strings"};

constexpr std::array<std::string_view, 6> duplicate_states{"42P07", "42710", "42701",
                                                           "42723", "42P06", "42712"};

bool is_duplicate(const postgres::Answer& failure) {
    return std::find(duplicate_states.begin(), duplicate_states.end(), failure.sqlstate()) !=
           duplicate_states.end();
}

std::string message_of(const postgres::Connection& connection, const postgres::Answer& failure) {
    try {
        connection.require(failure);
    } catch (const Error& error) {
        return error.message();
    }
    return "";
}

// NAME where the message has `before "NAME" does not exist`.
std::string missing_name(const std::string& message, const std::string& before) {
    const std::string opening = before + " \"";
    const std::size_t begin = message.find(opening);
    const std::size_t end = message.find("\" does not exist");
    if (begin == std::string::npos || end == std::string::npos || end < begin + opening.size()) {
        return "";
    }
    return message.substr(begin + opening.size(), end - begin - opening.size());
}

// The words of ALTER ... OWNER TO; empty for what has no owner of its own.
std::string owned_kind(const std::string& type) {
    static const std::map<std::string, std::string> kinds{
        {"table", "TABLE"},
        {"foreign table", "FOREIGN TABLE"},
        {"view", "VIEW"},
        {"materialized view", "MATERIALIZED VIEW"},
        {"sequence", "SEQUENCE"},
        {"function", "FUNCTION"},
        {"procedure", "PROCEDURE"},
        {"aggregate", "AGGREGATE"},
        {"type", "TYPE"},
        {"schema", "SCHEMA"},
        {"operator", "OPERATOR"},
        {"operator class", "OPERATOR CLASS"},
        {"operator family", "OPERATOR FAMILY"},
        {"collation", "COLLATION"},
        {"conversion", "CONVERSION"},
        {"statistics object", "STATISTICS"},
        {"text search dictionary", "TEXT SEARCH DICTIONARY"},
        {"text search configuration", "TEXT SEARCH CONFIGURATION"},
        {"server", "SERVER"},
        {"foreign-data wrapper", "FOREIGN DATA WRAPPER"},
    };
    const auto found = kinds.find(type);
    return found == kinds.end() ? "" : found->second;
}

}  // namespace

DdlApplier::DdlApplier(postgres::Connection& target, postgres::Connection& aside)
    : target_(target), aside_(aside) {
    prepare_ddl_notes(aside_);
}

void DdlApplier::apply(const DdlCommand& command, Lsn lsn) {
    const DdlStanding standing = read_ddl_standing(aside_, lsn);
    statement_ = command.text.substr(0, shown_bytes);
    left_out_.clear();
    try {
        if (standing != DdlStanding::settled) {
            run(command, standing);
        }
    } catch (const Error& error) {
        if (error.code() == ErrorCode::ddl_pending) {
            note_pending_ddl(aside_, lsn, statement_, error.message());
        }
        throw;
    }
    if (standing != DdlStanding::fresh || !left_out_.empty()) {
        note_applied_ddl(target_, lsn, statement_, left_out_);
    }
}

void DdlApplier::refuse(const std::string& why) const {
    throw Error(ErrorCode::ddl_pending,
                why + "; the primary ran: " + statement_ +
                    " -- run it in the replica, or UPDATE farshore.ddl_note SET settled = true "
                    "there when it is not wanted");
}

void DdlApplier::run(const DdlCommand& command, DdlStanding standing) {
    if (!command.failure.empty()) {
        refuse("the primary could not tell a statement (" + command.tag + "): " + command.failure);
    }
    if (!command.needs.empty()) {
        if (target_.execute("SELECT to_regclass($1)", {command.needs}).is_null(0, 0)) {
            refuse("table " + command.needs +
                   " is not in the replica, and no event trigger told "
                   "of it");
        }
        return;
    }
    if (!command.rows.table.empty()) {
        put_rows(command.rows);
        return;
    }
    if (command.text.empty()) {
        run_statements(command);
        return;
    }
    const std::vector<int> before = last_columns(command);
    run_text(command, standing);
    set_added_values(command, before);
}

// Put together from the primary's catalogue: no text of anybody's, so the agent may run it too.
void DdlApplier::run_statements(const DdlCommand& command) {
    RunAs as = who_runs(command);
    for (const std::string& sql : command.statements) {
        statement_ = sql;
        auto failure = attempt(sql, command, as);
        if (failure && failure->sqlstate() == postgres::sqlstate::insufficient_privilege) {
            as = RunAs::agent;
            failure = attempt(sql, command, as);
        }
        if (failure) {
            refuse(message_of(target_, *failure));
        }
    }
    if (as == RunAs::agent) {
        give_owners(command);
    }
}

void DdlApplier::run_text(const DdlCommand& command, DdlStanding standing) {
    const ChosenStatement chosen = choose_statement(command);
    if (chosen.text.empty()) {
        refuse("which statement with the tag " + command.tag + " was run is not clear");
    }
    statement_ = chosen.text.substr(0, shown_bytes);
    std::string text = without_concurrently(split_statements(chosen.text, Backslash::ordinary)[0]);
    RunAs as = who_runs(command);
    for (int attempts = 0; attempts < adaptations; ++attempts) {
        const auto failure = attempt(text, command, as);
        if (!failure || (is_duplicate(*failure) && standing == DdlStanding::pending)) {
            if (as == RunAs::agent) {
                give_owners(command);
            }
            return;
        }
        if (failure->sqlstate() == postgres::sqlstate::insufficient_privilege &&
            as == RunAs::role && chosen.is_certain) {
            as = RunAs::agent;
            continue;
        }
        const auto other = adapt(text, *failure);
        if (!other) {
            refuse(message_of(target_, *failure));
        }
        if (other->empty()) {
            return;
        }
        text = *other;
    }
    refuse("it names more roles that are missing here than can be left out");
}

std::optional<std::string> DdlApplier::adapt(const std::string& text,
                                             const postgres::Answer& failure) {
    if (failure.sqlstate() != postgres::sqlstate::undefined_object) {
        return std::nullopt;
    }
    const std::string message = message_of(target_, failure);
    const SqlStatement statement = split_statements(text, Backslash::ordinary)[0];
    const std::string role = missing_name(message, "role");
    const std::string space = missing_name(message, "tablespace");
    const std::string other = !role.empty()    ? without_role(statement, role)
                              : !space.empty() ? without_tablespace(statement)
                                               : text;
    if (other == text) {
        return std::nullopt;
    }
    left_out_ += (left_out_.empty() ? "" : ", ") +
                 (role.empty() ? "tablespace " + space : "role " + role) +
                 " is not on this server: the statement was applied without it";
    return other;
}

void DdlApplier::set(const std::string& name, const std::string& value) {
    target_.execute("SELECT set_config($1, $2, true)", {name, value});
}

std::optional<postgres::Answer> DdlApplier::attempt(const std::string& sql,
                                                    const DdlCommand& command, RunAs as) {
    std::map<std::string, std::string> settings = own_settings;
    for (const char* name : told_settings) {
        const auto told = command.settings.find(name);
        if (told != command.settings.end()) {
            settings[name] = told->second;
        }
    }
    if (!command.tag.empty()) {
        std::string path;
        for (const std::string& schema : command.path) {
            path += (path.empty() ? "" : ", ") + target_.quote_name(schema);
        }
        settings["search_path"] = path.empty() ? "\"\"" : path;
    }
    target_.execute("SAVEPOINT farshore_ddl");
    std::map<std::string, std::string> before;
    for (const auto& [name, value] : settings) {
        before[name] = target_.execute("SELECT current_setting($1)", {name}).text(0, 0);
        set(name, value);
    }
    if (as == RunAs::role) {
        target_.execute("SET LOCAL ROLE " + target_.quote_name(command.role));
    }
    postgres::Answer answer = target_.attempt(sql);
    if (answer.is_failure()) {
        if (postgres::error_code_of(answer.sqlstate()) == ErrorCode::database_unavailable &&
            answer.sqlstate() != "25001") {
            target_.require(answer);
        }
        target_.execute("ROLLBACK TO SAVEPOINT farshore_ddl");
        target_.execute("RELEASE SAVEPOINT farshore_ddl");
        return answer;
    }
    if (as == RunAs::role) {
        target_.execute("SET LOCAL ROLE NONE");
    }
    for (const auto& [name, value] : before) {
        set(name, value);
    }
    target_.execute("RELEASE SAVEPOINT farshore_ddl");
    return std::nullopt;
}

bool DdlApplier::role_exists(const std::string& role) {
    return target_.execute("SELECT FROM pg_roles WHERE rolname = $1", {role}).rows() > 0;
}

// A superuser of the primary is mostly nobody of that rank here: its statements need our rights.
DdlApplier::RunAs DdlApplier::who_runs(const DdlCommand& command) {
    if (command.role.empty() || command.is_superuser || !role_exists(command.role)) {
        return RunAs::agent;
    }
    return target_.execute("SELECT pg_has_role(session_user, $1, 'MEMBER')", {command.role})
                   .boolean(0, 0)
               ? RunAs::role
               : RunAs::agent;
}

void DdlApplier::give_owners(const DdlCommand& command) {
    if (!command.tag.starts_with("CREATE") && !command.tag.starts_with("SELECT") &&
        !command.tag.starts_with("IMPORT")) {
        return;
    }
    const DdlCommand plain;
    for (const DdlObject& object : command.objects) {
        const std::string owner = object.owner.empty() ? command.role : object.owner;
        const std::string kind = owned_kind(object.type);
        if (kind.empty() || owner.empty() || object.identity.empty()) {
            continue;
        }
        if (!role_exists(owner)) {
            left_out_ += (left_out_.empty() ? "" : ", ") + object.type + " " + object.identity +
                         " belongs to this agent's role: role " + owner + " is not on this server";
            continue;
        }
        // A sequence that belongs to a column follows its table: refused, and right already.
        const auto failure = attempt(
            "ALTER " + kind + " " + object.identity + " OWNER TO " + target_.quote_name(owner),
            plain, RunAs::agent);
        if (failure && failure->sqlstate() == postgres::sqlstate::insufficient_privilege) {
            left_out_ += (left_out_.empty() ? "" : ", ") + object.type + " " + object.identity +
                         " belongs to this agent's role, which may not give it to " + owner + ": " +
                         message_of(target_, *failure);
        }
    }
}

void DdlApplier::put_rows(const DdlRows& rows) {
    statement_ = "rows of table " + rows.table;
    const DdlCommand plain;
    if (rows.clear) {
        if (const auto failure = attempt("DELETE FROM ONLY " + rows.table, plain, RunAs::agent)) {
            refuse(message_of(target_, *failure));
        }
    }
    if (rows.values.empty()) {
        return;
    }
    std::string names;
    std::string items;
    for (const std::string& column : rows.columns) {
        names += (names.empty() ? "" : ", ") + target_.quote_name(column);
        items += (items.empty() ? "(r)." : ", (r).") + target_.quote_name(column);
    }
    const std::string source = " FROM (SELECT value::" + rows.table +
                               " AS r FROM jsonb_array_elements_text($1::jsonb) AS value"
                               " OFFSET 0) AS rows";
    target_.execute("INSERT INTO " + rows.table + (names.empty() ? "" : " (" + names + ")") +
                        " OVERRIDING SYSTEM VALUE SELECT " + items + source,
                    {rows.values});
}

std::vector<int> DdlApplier::last_columns(const DdlCommand& command) {
    std::vector<int> last;
    for (const AddedValue& added : command.added) {
        const postgres::Answer answer = target_.execute(
            "SELECT coalesce(max(attnum), 0) FROM pg_attribute WHERE attrelid = to_regclass($1)",
            {added.table});
        last.push_back(static_cast<int>(answer.integer(0, 0)));
    }
    return last;
}

// A default that is computed once (now()) was computed again here: the rows get the primary's.
void DdlApplier::set_added_values(const DdlCommand& command, const std::vector<int>& before) {
    for (std::size_t i = 0; i < command.added.size(); ++i) {
        const AddedValue& added = command.added[i];
        const postgres::Answer column = target_.execute(
            "SELECT attnum, format_type(atttypid, atttypmod), attmissingval::text FROM pg_attribute"
            " WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped",
            {added.table, added.column});
        if (column.rows() == 0 || column.integer(0, 0) <= before[i] ||
            column.text(0, 2) == added.array) {
            continue;
        }
        target_.execute("UPDATE ONLY " + added.table + " SET " + target_.quote_name(added.column) +
                            " = ($1::" + std::string(column.text(0, 1)) + "[])[1]",
                        {added.array});
    }
}

}  // namespace farshore::secondary
