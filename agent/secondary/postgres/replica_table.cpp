#include "agent/secondary/postgres/replica_table.hpp"

#include <algorithm>
#include <map>

namespace farshore::secondary {

namespace {

// A unique index of the replica: the columns of its key, each with the operator it finds rows by.
struct UniqueIndex {
    bool is_primary = false;
    bool has_nulls = false;
    std::map<std::string, std::string> equality;
};

constexpr const char* columns_sql =
    "SELECT attname, format_type(atttypid, atttypmod), attgenerated <> '', attidentity = 'a',"
    " format_type(atttypid, -1), t.typarray <> 0 AND t.typdelim = ',' AND t.typcategory <> 'A'"
    "  AND t.typtype IN ('b', 'e', 'r', 'm')"
    " FROM pg_attribute JOIN pg_type t ON t.oid = atttypid"
    " WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";

constexpr const char* watchers_sql =
    "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass($1)"
    "  AND tgenabled IN ('A', 'R'))"
    " OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class = to_regclass($1)"
    "  AND ev_enabled IN ('A', 'R') AND ev_type <> '1')";

constexpr const char* indexes_sql =
    "SELECT i.indexrelid, i.indisprimary, a.attname, a.attnotnull, n.nspname, o.oprname"
    " FROM pg_index i CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS k"
    " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]"
    " JOIN pg_opclass c ON c.oid = i.indclass[k]"
    " JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3"
    "  AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype"
    " JOIN pg_operator o ON o.oid = m.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace"
    " WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indimmediate"
    "  AND i.indpred IS NULL AND i.indexprs IS NULL ORDER BY i.indisprimary DESC, 1";

[[noreturn]] void ddl_pending(const std::string& what) {
    throw Error(ErrorCode::ddl_pending, what);
}

void add_columns(postgres::Connection& catalogue, const pgoutput::Relation& relation,
                 ReplicaTable& table) {
    const postgres::Answer answer =
        catalogue.execute(columns_sql, {std::optional<std::string>(table.quoted)});
    if (answer.rows() == 0 && !relation.columns.empty()) {
        ddl_pending("table " + table.name +
                    " is not in the replica: run there the CREATE TABLE that ran on the primary");
    }
    std::map<std::string, int, std::less<>> rows;
    for (int row = 0; row < answer.rows(); ++row) {
        rows.emplace(answer.text(row, 0), row);
    }
    for (const pgoutput::Column& source : relation.columns) {
        const auto found = rows.find(source.name);
        if (found == rows.end() || answer.boolean(found->second, 2)) {
            ddl_pending("column " + std::string(source.name) + " of table " + table.name +
                        (found == rows.end() ? " is not in" : " is a generated one in") +
                        " the replica: run there the ALTER TABLE that ran on the primary");
        }
        ReplicaColumn column;
        column.name = source.name;
        column.quoted = catalogue.quote_name(source.name);
        column.type = answer.text(found->second, 1);
        column.is_always_generated_identity = answer.boolean(found->second, 3);
        column.plain_type = answer.text(found->second, 4);
        column.has_array = answer.boolean(found->second, 5);
        column.is_key = source.is_key && relation.identity != pgoutput::ReplicaIdentity::full;
        table.columns.push_back(std::move(column));
    }
}

std::vector<UniqueIndex> read_indexes(postgres::Connection& catalogue, const ReplicaTable& table) {
    const postgres::Answer answer =
        catalogue.execute(indexes_sql, {std::optional<std::string>(table.quoted)});
    std::vector<UniqueIndex> indexes;
    std::string last;
    for (int row = 0; row < answer.rows(); ++row) {
        if (answer.text(row, 0) != last) {
            last = answer.text(row, 0);
            indexes.emplace_back();
        }
        UniqueIndex& index = indexes.back();
        index.is_primary = answer.boolean(row, 1);
        index.has_nulls = index.has_nulls || !answer.boolean(row, 3);
        index.equality.emplace(answer.text(row, 2),
                               "OPERATOR(" + catalogue.quote_name(answer.text(row, 4)) + "." +
                                   std::string(answer.text(row, 5)) + ")");
    }
    return indexes;
}

// An index whose key is exactly the columns marked as key; for a table that sends whole old rows,
// any whose columns are all sent and never null.
bool fits(const UniqueIndex& index, const ReplicaTable& table) {
    std::size_t sent = 0;
    std::size_t keys = 0;
    for (const ReplicaColumn& column : table.columns) {
        const bool is_in = index.equality.contains(column.name);
        sent += is_in ? 1 : 0;
        keys += column.is_key ? 1 : 0;
        if (!table.sends_whole_old_rows && is_in != column.is_key) {
            return false;
        }
    }
    return sent == index.equality.size() &&
           (table.sends_whole_old_rows ? !index.has_nulls : keys == sent);
}

}  // namespace

bool ReplicaTable::has_key() const {
    return std::any_of(columns.begin(), columns.end(),
                       [](const ReplicaColumn& column) { return column.is_key; });
}

bool ReplicaTable::is_found_by_index() const {
    return has_key() &&
           std::all_of(columns.begin(), columns.end(), [](const ReplicaColumn& column) {
               return !column.is_key || !column.equality.empty();
           });
}

ReplicaTable describe_table(postgres::Connection& catalogue, const pgoutput::Relation& relation) {
    ReplicaTable table;
    table.name = std::string(relation.schema) + "." + std::string(relation.name);
    table.quoted = catalogue.quote_name(relation.schema, relation.name);
    table.sends_whole_old_rows = relation.identity == pgoutput::ReplicaIdentity::full;
    add_columns(catalogue, relation, table);
    table.is_watched =
        catalogue.execute(watchers_sql, {std::optional<std::string>(table.quoted)}).boolean(0, 0);
    for (const UniqueIndex& index : read_indexes(catalogue, table)) {
        if (!fits(index, table)) {
            continue;
        }
        for (ReplicaColumn& column : table.columns) {
            const auto found = index.equality.find(column.name);
            column.is_key = found != index.equality.end();
            column.equality = column.is_key ? found->second : "";
        }
        break;
    }
    return table;
}

}  // namespace farshore::secondary
