#include "agent/primary/postgres/table_catalogue.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace farshore::primary {

// As RelationGetIndexList chooses a replica identity: a deferrable or invalid key is none.
const char* const has_identity_sql =
    "(c.relreplident = 'f' OR EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid"
    " AND i.indisvalid AND i.indisready AND i.indimmediate"
    " AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident"
    " ELSE false END))";

namespace {

bool matches(const std::string& pattern, const std::string& text) {
    return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

bool is_excluded(const TableFacts& table, const std::string& pattern) {
    return matches(pattern,
                   pattern.find('.') == std::string::npos ? table.name : table.full_name());
}

}  // namespace

std::vector<TableFacts> list_tables(postgres::Connection& connection,
                                    const std::string& publication) {
    const postgres::Answer answer = connection.execute(
        "SELECT n.nspname, c.relname, c.relkind, c.relpersistence, " +
            std::string(has_identity_sql) +
            ", pg_has_role(c.relowner, 'USAGE')"
            ", EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass"
            "   AND d.objid = c.oid AND d.deptype = 'e')"
            ", EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid"
            "   WHERE r.prrelid = c.oid AND p.pubname = $1)"
            ", pg_table_size(c.oid)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'f', 'm') AND c.relpersistence <> 't'"
            " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'farshore')"
            " AND n.nspname !~ '^pg_(toast|temp)' ORDER BY 1, 2",
        {publication});
    std::vector<TableFacts> tables;
    for (int row = 0; row < answer.rows(); ++row) {
        TableFacts table;
        table.schema = answer.text(row, 0);
        table.name = answer.text(row, 1);
        table.kind = answer.text(row, 2).front();
        table.persistence = answer.text(row, 3).front();
        table.has_identity = answer.boolean(row, 4);
        table.is_owned = answer.boolean(row, 5);
        table.of_extension = answer.boolean(row, 6);
        table.is_published = answer.boolean(row, 7);
        table.bytes = static_cast<std::uint64_t>(
            answer.is_null(row, 8) ? 0 : std::max<std::int64_t>(0, answer.integer(row, 8)));
        tables.push_back(std::move(table));
    }
    return tables;
}

bool is_selected(const TableFacts& table, const config::Database& database) {
    const auto chooses = [&](const std::string& pattern) { return matches(pattern, table.schema); };
    const auto excludes = [&](const std::string& pattern) { return is_excluded(table, pattern); };
    return (database.schemas.empty() ||
            std::any_of(database.schemas.begin(), database.schemas.end(), chooses)) &&
           std::none_of(database.exclude_tables.begin(), database.exclude_tables.end(), excludes);
}

std::string obstacle(const TableFacts& table, const config::Database& database) {
    const std::string name = "table " + table.full_name() + ": ";
    if (table.kind == 'm') {
        return "materialized view " + table.full_name() + ": refreshed by the first copy only";
    }
    if (table.kind == 'f') {
        return "foreign " + name + "its rows are elsewhere";
    }
    if (!is_selected(table, database)) {
        return name + "left out by the config";
    }
    if (table.of_extension) {
        return name + "belongs to an extension";
    }
    if (table.persistence == 'u') {
        return name + "unlogged";
    }
    if (!table.is_owned) {
        return name + "owned by a role that this one is not a member of";
    }
    return "";
}

std::vector<std::string> list_columns(postgres::Connection& connection, const std::string& schema,
                                      const std::string& table) {
    const postgres::Answer answer = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        {connection.quote_name(schema, table)});
    std::vector<std::string> columns;
    columns.reserve(static_cast<std::size_t>(answer.rows()));
    for (int row = 0; row < answer.rows(); ++row) {
        columns.emplace_back(answer.text(row, 0));
    }
    return columns;
}

}  // namespace farshore::primary
