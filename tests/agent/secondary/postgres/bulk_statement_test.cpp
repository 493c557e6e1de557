#include "agent/secondary/postgres/bulk_statement.hpp"

#include <gtest/gtest.h>

#include "tests/agent/secondary/postgres/values.hpp"

namespace farshore::secondary {
namespace {

using pgoutput::Row;
using pgoutput::Value;
using pgoutput::ValueKind;
using test::text;

ReplicaColumn column(const std::string& name, const std::string& type, bool has_array) {
    ReplicaColumn made;
    made.name = name;
    made.quoted = name;
    made.type = made.plain_type = type;
    made.has_array = has_array;
    return made;
}

ReplicaTable table() {
    ReplicaTable made;
    made.quoted = "public.item";
    made.columns = {column("id", "integer", true), column("tags", "text[]", false),
                    column("n", "integer", true)};
    made.columns[0].is_key = true;
    made.columns[0].equality = "OPERATOR(pg_catalog.=)";
    return made;
}

TEST(BulkStatement, QuotesWhatAnArrayHolds) {
    ArrayText array;
    array.add(text("a\"b\\c"));
    array.add(Value());
    array.add(text(""));
    array.add(text("NULL"));
    EXPECT_EQ(array.take(), R"({"a\"b\\c",NULL,"","NULL"})");
    EXPECT_EQ(array.take(), "{}");
    EXPECT_THROW(array.add({ValueKind::unchanged, {}}), Error);
}

TEST(BulkStatement, QuotesWhatACopyHolds) {
    std::string rows;
    append_copy_row({text("a\tb\nc\rd\\e"), Value(), text("")}, rows);
    append_copy_row({text("\\N")}, rows);
    EXPECT_EQ(rows, "a\\tb\\nc\\rd\\\\e\t\\N\t\n\\\\N\n");
    EXPECT_EQ(copy_statement(table()), "COPY public.item (id, tags, n) FROM STDIN");
}

TEST(BulkStatement, DeletesFirstAndSetsTheSameColumnsTogether) {
    const ReplicaTable item = table();
    TableChanges changes(item);
    const Value same{ValueKind::unchanged, {}};
    (void)changes.take(pgoutput::Update{1, std::nullopt, {text("1"), text("{x}"), text("5")}});
    (void)changes.take(pgoutput::Update{1, std::nullopt, {text("2"), same, text("6")}});
    (void)changes.take(pgoutput::Update{1, std::nullopt, {text("3"), text("{}"), Value()}});
    (void)changes.take(
        pgoutput::Delete{1, {pgoutput::OldRowKind::key, {text("4"), Value(), Value()}}});
    const auto statements = bulk_statements(item, changes);
    ASSERT_EQ(statements.size(), 3U);
    EXPECT_EQ(statements[0].sql,
              "DELETE FROM ONLY public.item AS t USING unnest($1::integer[]) AS v(a1)"
              " WHERE t.id OPERATOR(pg_catalog.=) v.a1");
    EXPECT_EQ(statements[0].arrays, std::vector<std::string>{"{\"4\"}"});
    EXPECT_EQ(statements[1].sql,
              "UPDATE ONLY public.item AS t SET tags = v.a2::text[], n = v.a3 FROM"
              " unnest($1::integer[], $2::pg_catalog.text[], $3::integer[]) AS v(a1, a2, a3)"
              " WHERE t.id OPERATOR(pg_catalog.=) v.a1");
    EXPECT_EQ(statements[1].rows, 2U);
    EXPECT_EQ(statements[1].arrays[1], R"({"{x}","{}"})");
    EXPECT_EQ(statements[1].arrays[2], R"({"5",NULL})");
    EXPECT_EQ(statements[2].rows, 1U);
    EXPECT_EQ(statements[2].arrays.size(), 2U);
}

TEST(BulkStatement, BoundsWhatOneStatementTakes) {
    const ReplicaTable item = table();
    TableChanges changes(item);
    for (int i = 0; i < 45'000; ++i) {
        const std::string key = std::to_string(i);
        ASSERT_EQ(changes.take(pgoutput::Delete{
                      1, {pgoutput::OldRowKind::key, {text(key), Value(), Value()}}}),
                  Taken::yes);
    }
    std::uint64_t rows = 0;
    for (const BulkStatement& statement : bulk_statements(item, changes)) {
        EXPECT_LE(statement.rows, 20'000U);
        rows += statement.rows;
    }
    EXPECT_EQ(rows, 45'000U);
}

}  // namespace
}  // namespace farshore::secondary
