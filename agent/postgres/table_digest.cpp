#include "agent/postgres/table_digest.hpp"

namespace farshore::postgres {

namespace {

constexpr int text_limit = 500;

std::string record(Connection& connection, const std::vector<std::string>& columns) {
    std::string list;
    for (const std::string& column : columns) {
        list += (list.empty() ? "t." : ", t.") + connection.quote_name(column);
    }
    return "ROW(" + list + ")::text";
}

const std::vector<std::string>& key_of(const CheckedTable& table) {
    return table.key.empty() ? table.columns : table.key;
}

std::string from(Connection& connection, const CheckedTable& table) {
    return " FROM ONLY " + connection.quote_name(table.schema, table.name) + " t";
}

std::string bucket_of(Connection& connection, const CheckedTable& table, std::uint32_t buckets) {
    return "(('x' || left(md5(" + record(connection, key_of(table)) + "), 8))::bit(32)::bigint % " +
           std::to_string(buckets) + ")";
}

// Both halves of each row's MD5, added up: exact, and in any order.
std::string sum_of(Connection& connection, const CheckedTable& table) {
    const std::string digest = "md5(" + record(connection, table.columns) + ")";
    const auto half = [&](const char* begin) {
        return "coalesce(sum(('x' || substr(" + digest + ", " + begin +
               ", 16))::bit(64)::bigint), 0)";
    };
    return half("1") + " || ':' || " + half("17");
}

RowsDigest read_digest(const Answer& answer, int row) {
    return {static_cast<std::uint32_t>(answer.integer(row, 0)),
            static_cast<std::uint64_t>(answer.integer(row, 1)), std::string(answer.text(row, 2))};
}

std::vector<std::string> read_names(const boost::json::value& json) {
    std::vector<std::string> names;
    for (const auto& name : json.as_array()) {
        names.emplace_back(name.as_string());
    }
    return names;
}

boost::json::array write_names(const std::vector<std::string>& names) {
    boost::json::array json;
    for (const std::string& name : names) {
        json.emplace_back(name);
    }
    return json;
}

template <typename F>
auto strict(F&& read) {
    try {
        return read();
    } catch (const std::exception& error) {
        throw Error(ErrorCode::malformed,
                    std::string("a table's digest does not parse: ") + error.what());
    }
}

std::string text_of(const boost::json::object& json, const char* name) {
    return std::string(json.at(name).as_string());
}

void append_column(const Answer& answer, int row, CheckedTable& table) {
    if (answer.is_null(row, 2)) {
        return;
    }
    table.columns.emplace_back(answer.text(row, 2));
    if (answer.boolean(row, 3)) {
        table.key.emplace_back(answer.text(row, 2));
    }
}

}  // namespace

std::vector<CheckedTable> list_checked_tables(Connection& connection,
                                              const std::string& publication) {
    const Answer answer = connection.execute(
        "SELECT n.nspname, c.relname, a.attname, EXISTS (SELECT FROM pg_index i"
        "  WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey))"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE c.relkind = 'r' AND c.relpersistence = 'p'"
        " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'farshore')"
        " AND ($1 = '' OR EXISTS (SELECT FROM pg_publication_rel r"
        "  JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = c.oid AND p.pubname = $1))"
        " ORDER BY 1, 2, a.attnum",
        {publication});
    std::vector<CheckedTable> tables;
    for (int row = 0; row < answer.rows(); ++row) {
        if (tables.empty() || tables.back().schema != answer.text(row, 0) ||
            tables.back().name != answer.text(row, 1)) {
            tables.push_back(
                {std::string(answer.text(row, 0)), std::string(answer.text(row, 1)), {}, {}});
        }
        append_column(answer, row, tables.back());
    }
    return tables;
}

RowsDigest digest_table(Connection& connection, const CheckedTable& table) {
    return read_digest(connection.execute("SELECT 0, count(*), " + sum_of(connection, table) +
                                          from(connection, table)),
                       0);
}

std::vector<RowsDigest> digest_buckets(Connection& connection, const CheckedTable& table,
                                       std::uint32_t buckets) {
    const Answer answer = connection.execute("SELECT " + bucket_of(connection, table, buckets) +
                                             ", count(*), " + sum_of(connection, table) +
                                             from(connection, table) + " GROUP BY 1 ORDER BY 1");
    std::vector<RowsDigest> digests;
    digests.reserve(static_cast<std::size_t>(answer.rows()));
    for (int row = 0; row < answer.rows(); ++row) {
        digests.push_back(read_digest(answer, row));
    }
    return digests;
}

std::vector<CheckedRow> read_bucket(Connection& connection, const CheckedTable& table,
                                    std::uint32_t buckets, std::uint32_t bucket,
                                    std::uint32_t limit) {
    const std::string whole = record(connection, table.columns);
    const Answer answer = connection.execute(
        "SELECT * FROM (SELECT left(" + record(connection, key_of(table)) + ", " +
        std::to_string(text_limit) + ") AS key, left(" + whole + ", " + std::to_string(text_limit) +
        ") AS text, md5(" + whole + ") AS digest, count(*)" + from(connection, table) + " WHERE " +
        bucket_of(connection, table, buckets) + " = " + std::to_string(bucket) +
        " GROUP BY 1, 2, 3) AS row ORDER BY key COLLATE \"C\", digest" + " LIMIT " +
        std::to_string(limit));
    std::vector<CheckedRow> rows;
    rows.reserve(static_cast<std::size_t>(answer.rows()));
    for (int row = 0; row < answer.rows(); ++row) {
        rows.push_back({std::string(answer.text(row, 0)), std::string(answer.text(row, 1)),
                        std::string(answer.text(row, 2)),
                        static_cast<std::uint64_t>(answer.integer(row, 3))});
    }
    return rows;
}

boost::json::value to_json(const CheckedTable& table) {
    return {{"schema", table.schema},
            {"name", table.name},
            {"columns", write_names(table.columns)},
            {"key", write_names(table.key)}};
}

boost::json::value to_json(const RowsDigest& digest) {
    return {{"bucket", digest.bucket}, {"rows", digest.rows}, {"sum", digest.sum}};
}

boost::json::value to_json(const CheckedRow& row) {
    return {{"key", row.key}, {"text", row.text}, {"digest", row.digest}, {"count", row.count}};
}

CheckedTable checked_table_from_json(const boost::json::value& json) {
    return strict([&] {
        const auto& object = json.as_object();
        return CheckedTable{text_of(object, "schema"), text_of(object, "name"),
                            read_names(object.at("columns")), read_names(object.at("key"))};
    });
}

RowsDigest rows_digest_from_json(const boost::json::value& json) {
    return strict([&] {
        const auto& object = json.as_object();
        return RowsDigest{object.at("bucket").to_number<std::uint32_t>(),
                          object.at("rows").to_number<std::uint64_t>(), text_of(object, "sum")};
    });
}

CheckedRow checked_row_from_json(const boost::json::value& json) {
    return strict([&] {
        const auto& object = json.as_object();
        return CheckedRow{text_of(object, "key"), text_of(object, "text"),
                          text_of(object, "digest"), object.at("count").to_number<std::uint64_t>()};
    });
}

}  // namespace farshore::postgres
