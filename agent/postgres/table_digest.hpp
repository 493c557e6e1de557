#pragma once
// What verify compares of a table: a digest of all its rows, then of buckets of them, then the rows
// of a bucket. Computed by the server, in whatever snapshot the connection's transaction has; the
// same rows have the same digests on both sides.

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/postgres/connection.hpp"

namespace farshore::postgres {

struct CheckedTable {
    std::string schema;
    std::string name;
    std::vector<std::string> columns;  // that are compared
    std::vector<std::string> key;      // names a row; empty: the whole row does
};

// Invariants: equal for two tables with the same rows, in whatever order they are stored. It is a
// sum of MD5s: it finds mistakes, it is no proof against somebody who looks for collisions.
struct RowsDigest {
    std::uint32_t bucket = 0;
    std::uint64_t rows = 0;
    std::string sum;

    bool operator==(const RowsDigest&) const = default;
};

struct CheckedRow {
    std::string key;   // "(5)", as PostgreSQL prints a record
    std::string text;  // the row's beginning, for people
    std::string digest;
    std::uint64_t count = 0;  // of rows that are alike

    bool operator==(const CheckedRow&) const = default;
};

// The tables of a publication, or of all user schemas when it is empty.
[[nodiscard]] std::vector<CheckedTable> list_checked_tables(Connection& connection,
                                                            const std::string& publication);
// Throws Error(ddl_pending) when the table or a column is missing.
[[nodiscard]] RowsDigest digest_table(Connection& connection, const CheckedTable& table);
// One for each bucket that has rows, by number. A row's bucket depends on its key.
[[nodiscard]] std::vector<RowsDigest> digest_buckets(Connection& connection,
                                                     const CheckedTable& table,
                                                     std::uint32_t buckets);
// The rows of one bucket, by key; at most `limit`.
[[nodiscard]] std::vector<CheckedRow> read_bucket(Connection& connection, const CheckedTable& table,
                                                  std::uint32_t buckets, std::uint32_t bucket,
                                                  std::uint32_t limit);

[[nodiscard]] boost::json::value to_json(const CheckedTable& table);
[[nodiscard]] boost::json::value to_json(const RowsDigest& digest);
[[nodiscard]] boost::json::value to_json(const CheckedRow& row);
// Throw Error(malformed).
[[nodiscard]] CheckedTable checked_table_from_json(const boost::json::value& json);
[[nodiscard]] RowsDigest rows_digest_from_json(const boost::json::value& json);
[[nodiscard]] CheckedRow checked_row_from_json(const boost::json::value& json);

}  // namespace farshore::postgres
