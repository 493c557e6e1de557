#include "agent/secondary/postgres/replica_sequences.hpp"

#include <boost/json.hpp>

#include "protocol/sequence_values.hpp"

namespace farshore::secondary {

namespace {

constexpr const char* make_sequences =
    "CREATE TABLE IF NOT EXISTS farshore.sequence_value ("
    " name text PRIMARY KEY, last bigint NOT NULL, is_called boolean NOT NULL)";

constexpr const char* remember =
    "INSERT INTO farshore.sequence_value SELECT * FROM jsonb_to_recordset($1::jsonb)"
    " AS told (name text, last bigint, is_called boolean) ON CONFLICT (name) DO UPDATE SET"
    " last = excluded.last, is_called = excluded.is_called";

// setval() of those that are here. A value beyond the sequence's bounds here is of an ALTER
// SEQUENCE that is still to come, and is set after it.
constexpr const char* set_values =
    "SELECT setval(c.oid, v.last, v.is_called) FROM farshore.sequence_value v"
    " JOIN pg_class c ON c.oid = to_regclass(v.name) AND c.relkind = 'S'"
    " JOIN pg_sequence s ON s.seqrelid = c.oid"
    " WHERE v.last BETWEEN s.seqmin AND s.seqmax";

void prepare(postgres::Connection& connection) {
    connection.execute("SET synchronous_commit = local");
    if (connection.execute("SELECT to_regclass('farshore.sequence_value')").is_null(0, 0)) {
        connection.execute(make_sequences);
    }
}

}  // namespace

void set_sequences(postgres::Connection& connection, const std::string& values) {
    if (values.empty()) {
        return;
    }
    prepare(connection);
    boost::json::array told;
    boost::json::array names;
    for (const SequenceValue& value : decode_sequences(values)) {
        told.push_back(boost::json::object{
            {"name", value.name}, {"last", value.last}, {"is_called", value.is_called}});
        names.emplace_back(value.name);
    }
    connection.execute(remember, {boost::json::serialize(told)});
    connection.execute(
        std::string(set_values) + " AND v.name IN (SELECT jsonb_array_elements_text($1::jsonb))",
        {boost::json::serialize(names)});
}

void set_all_sequences(postgres::Connection& connection) {
    prepare(connection);
    connection.execute(set_values);
}

void forget_sequences(postgres::Connection& connection) {
    prepare(connection);
    connection.execute("TRUNCATE farshore.sequence_value");
}

}  // namespace farshore::secondary
