#include "agent/secondary/postgres/ddl_command.hpp"

#include <boost/json.hpp>

#include "agent/secondary/postgres/sql_statements.hpp"
#include "protocol/error.hpp"
#include "protocol/json.hpp"

namespace farshore::secondary {

namespace {

using boost::json::object;
using boost::json::value;

// A member that is not there, or null, is empty.
std::string text_of(const object& json, const char* name) {
    const value* found = json.if_contains(name);
    return found == nullptr || found->is_null() ? "" : std::string(found->as_string());
}

bool flag_of(const object& json, const char* name) {
    const value* found = json.if_contains(name);
    return found != nullptr && found->as_bool();
}

template <typename F>
void each_of(const object& json, const char* name, F&& take) {
    const value* found = json.if_contains(name);
    if (found != nullptr && !found->is_null()) {
        for (const value& item : found->as_array()) {
            take(item);
        }
    }
}

std::vector<std::string> texts_of(const object& json, const char* name) {
    std::vector<std::string> texts;
    each_of(json, name, [&](const value& item) { texts.emplace_back(item.as_string()); });
    return texts;
}

DdlRows rows_of(const object& json) {
    DdlRows rows;
    rows.table = text_of(json, "rows");
    rows.columns = texts_of(json, "columns");
    rows.clear = flag_of(json, "clear");
    const std::vector<std::string> table = texts_of(json, "only_if_set_aside");
    if (!table.empty()) {
        rows.only_if_set_aside = TableName{table.at(0), table.at(1)};
    }
    if (const value* values = json.if_contains("values")) {
        rows.values = boost::json::serialize(values->as_array());
    }
    return rows;
}

DdlCommand read_command(const object& json) {
    DdlCommand command;
    command.tag = text_of(json, "tag");
    command.statements = texts_of(json, "sql");
    command.text = text_of(json, "text");
    command.failure = text_of(json, "failed");
    command.needs = text_of(json, "needs");
    if (const value* number = json.if_contains("number")) {
        command.number = number->to_number<std::uint64_t>();
    }
    command.is_exact = flag_of(json, "is_exact");
    command.rows = rows_of(json);
    command.role = text_of(json, "role");
    command.is_superuser = flag_of(json, "is_superuser");
    command.path = texts_of(json, "path");
    if (const value* settings = json.if_contains("settings")) {
        for (const auto& [name, setting] : settings->as_object()) {
            command.settings.emplace(name, setting.as_string());
        }
    }
    each_of(json, "objects", [&](const value& item) {
        const object& one = item.as_object();
        command.objects.push_back(
            {text_of(one, "type"), text_of(one, "name"), text_of(one, "owner")});
    });
    each_of(json, "missing", [&](const value& item) {
        const object& one = item.as_object();
        command.added.push_back(
            {text_of(one, "table"), text_of(one, "column"), text_of(one, "value")});
    });
    return command;
}

}  // namespace

DdlCommand parse_ddl_command(std::string_view json) {
    DdlCommand command;
    try {
        command = read_command(
            boost::json::parse(boost::json::string_view(json.data(), json.size())).as_object());
    } catch (const std::exception& error) {
        throw Error(ErrorCode::malformed,
                    std::string("a row of farshore.ddl does not parse: ") + error.what());
    }
    if (command.statements.empty() && command.text.empty() && command.rows.table.empty() &&
        command.failure.empty()) {
        throw Error(ErrorCode::malformed, "a row of farshore.ddl says nothing");
    }
    return command;
}

ChosenStatement choose_statement(const DdlCommand& command) {
    const auto scs = command.settings.find("standard_conforming_strings");
    const bool escapes = scs != command.settings.end() && scs->second == "off";
    const std::vector<SqlStatement> all =
        split_statements(command.text, escapes ? Backslash::escape : Backslash::ordinary);
    if (command.is_exact) {
        const bool fits = command.number < all.size() && has_tag(all[command.number], command.tag);
        return fits ? ChosenStatement{all[command.number].text, true} : ChosenStatement{};
    }
    std::vector<const SqlStatement*> candidates;
    for (const SqlStatement& statement : all) {
        if (has_tag(statement, command.tag)) {
            candidates.push_back(&statement);
        }
    }
    if (candidates.empty()) {
        return {};
    }
    const std::string identity = command.objects.empty() ? "" : command.objects.front().identity;
    // The next one, as a rule. A rollback to a savepoint lets the trigger's count fall behind: then
    // a later one names the object, and this does not.
    const SqlStatement* best = candidates[command.number % candidates.size()];
    std::size_t best_score = mentions(*best, identity);
    for (std::size_t i = 1; i < candidates.size(); ++i) {
        const SqlStatement* candidate = candidates[(command.number + i) % candidates.size()];
        const std::size_t score = mentions(*candidate, identity);
        if (score > best_score) {
            best = candidate;
            best_score = score;
        }
    }
    return {best->text, candidates.size() == 1};
}

}  // namespace farshore::secondary
