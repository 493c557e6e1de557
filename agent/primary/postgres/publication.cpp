#include "agent/primary/postgres/publication.hpp"

#include "agent/postgres/sql_error.hpp"
#include "agent/primary/postgres/identity_guard.hpp"

namespace farshore::primary {

namespace {

constexpr int add_attempts = 30;
constexpr auto add_pause = Duration::from_ms(100);

}  // namespace

bool Publication::exists() {
    return connection_.execute("SELECT FROM pg_publication WHERE pubname = $1", {name_}).rows() ==
           1;
}

std::vector<TableFacts> Publication::tables() {
    std::vector<TableFacts> published;
    for (TableFacts& table : list_tables(connection_, name_)) {
        if (table.is_published) {
            published.push_back(std::move(table));
        }
    }
    return published;
}

void Publication::ensure(const config::Database& database) {
    if (!exists()) {
        connection_.execute("CREATE PUBLICATION " + connection_.quote_name(name_) +
                            " WITH (publish = 'insert, update, delete, truncate')");
    }
    std::vector<TableFacts> missing;
    for (TableFacts& table : list_tables(connection_, name_)) {
        if (table.kind == 'r' && !table.is_published && obstacle(table, database).empty()) {
            missing.push_back(std::move(table));
        }
    }
    add(missing);
}

void Publication::add(const std::vector<TableFacts>& tables) {
    bool all_have_identity = true;
    for (const TableFacts& table : tables) {
        all_have_identity = all_have_identity && table.has_identity;
    }
    if (tables.empty() || (all_have_identity && try_add(tables))) {
        return;
    }
    for (const TableFacts& table : tables) {
        (void)add_patiently(table);
    }
}

bool Publication::add_patiently(const TableFacts& table) {
    bool has_identity = table.has_identity;
    for (int attempt = 0; attempt < add_attempts; ++attempt) {
        has_identity = has_identity || give_full_identity(connection_, table.schema, table.name);
        if (has_identity) {
            if (try_add({table})) {
                return true;
            }
            has_identity = false;  // It may be that which was missing.
        }
        if (connection_.stop().wait(add_pause)) {
            throw Error(ErrorCode::cancelled, "the agent stops");
        }
    }
    return false;
}

// All of them, or none: false when a lock was not to be had, a table is gone, or one lacks an
// identity.
bool Publication::try_add(const std::vector<TableFacts>& tables) {
    postgres::Transaction transaction(connection_);
    connection_.execute("SET LOCAL lock_timeout = '100ms'");
    std::string list;
    for (const TableFacts& table : tables) {
        list += list.empty() ? "" : ", ";
        list += "ONLY " + connection_.quote_name(table.schema, table.name);
    }
    const postgres::Answer added = connection_.attempt(
        "ALTER PUBLICATION " + connection_.quote_name(name_) + " ADD TABLE " + list);
    if (added.sqlstate() == postgres::sqlstate::lock_not_available ||
        postgres::error_code_of(added.sqlstate()) == ErrorCode::ddl_pending) {
        return false;
    }
    connection_.require(added);
    const postgres::Answer lacking = connection_.execute(
        "SELECT FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid"
        " JOIN pg_class c ON c.oid = r.prrelid WHERE p.pubname = $1 AND NOT " +
            std::string(has_identity_sql),
        {name_});
    if (lacking.rows() > 0) {
        return false;
    }
    transaction.commit();
    return true;
}

}  // namespace farshore::primary
