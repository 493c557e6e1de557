#include "agent/secondary/postgres/ddl_command.hpp"

#include <gtest/gtest.h>

#include "protocol/error.hpp"

namespace farshore::secondary {
namespace {

TEST(DdlCommand, IsReadAsItWasWritten) {
    const DdlCommand command = parse_ddl_command(
        R"({"tag": "ALTER TABLE", "text": "ALTER TABLE t ADD a int", "number": 2, "role": "app",
            "is_superuser": true, "is_exact": false, "path": ["s", "public"],
            "settings": {"TimeZone": "UTC"}, "objects": [{"type": "table", "name": "public.t",
            "owner": null}], "missing": [{"table": "public.t", "column": "a", "value": "{1}"}]})");
    EXPECT_EQ(command.tag, "ALTER TABLE");
    EXPECT_EQ(command.number, 2U);
    EXPECT_EQ(command.role, "app");
    EXPECT_TRUE(command.is_superuser);
    EXPECT_EQ(command.path, (std::vector<std::string>{"s", "public"}));
    EXPECT_EQ(command.settings.at("TimeZone"), "UTC");
    EXPECT_EQ(command.objects.at(0).identity, "public.t");
    EXPECT_EQ(command.objects.at(0).owner, "");
    EXPECT_EQ(command.added.at(0).array, "{1}");
    const DdlCommand rows = parse_ddl_command(
        R"x({"rows": "public.t", "columns": ["a"], "clear": true, "values": ["(1)", "(2)"]})x");
    EXPECT_EQ(rows.rows.table, "public.t");
    EXPECT_TRUE(rows.rows.clear);
    EXPECT_EQ(rows.rows.values, R"x(["(1)","(2)"])x");
}

TEST(DdlCommand, IsRefusedWhenItIsNone) {
    for (const char* json :
         {"", "{", "[]", "{}", R"({"tag": "X"})", R"({"text": 1})", R"({"sql": "x"})",
          R"({"text": "x", "number": -1})", R"({"rows": "t", "values": {}})",
          R"({"text": "x", "objects": [1]})", R"({"text": "x", "settings": {"a": 1}})"}) {
        EXPECT_THROW((void)parse_ddl_command(json), Error) << json;
    }
}

DdlCommand of(const std::string& text, const std::string& tag, std::uint64_t number,
              const std::string& identity = "") {
    DdlCommand command;
    command.text = text;
    command.tag = tag;
    command.number = number;
    if (!identity.empty()) {
        command.objects.push_back({"table", identity, ""});
    }
    return command;
}

TEST(DdlCommand, ChoosesItsStatement) {
    const std::string text = "CREATE TABLE a (); SELECT 1; CREATE TABLE b (); DROP TABLE a";
    EXPECT_EQ(choose_statement(of(text, "CREATE TABLE", 0, "public.a")).text, "CREATE TABLE a ()");
    EXPECT_EQ(choose_statement(of(text, "CREATE TABLE", 1, "public.b")).text, "CREATE TABLE b ()");
    EXPECT_FALSE(choose_statement(of(text, "CREATE TABLE", 1, "public.b")).is_certain);
    // The count is behind after a rollback to a savepoint; in a loop it is ahead.
    EXPECT_EQ(choose_statement(of(text, "CREATE TABLE", 0, "public.b")).text, "CREATE TABLE b ()");
    EXPECT_EQ(choose_statement(of(text, "CREATE TABLE", 7, "public.b")).text, "CREATE TABLE b ()");
    EXPECT_EQ(choose_statement(of(text, "CREATE INDEX", 0)).text, "");
    EXPECT_EQ(choose_statement(of("CREATE INDEX ON t (a)", "CREATE INDEX", 0, "t_a_idx")).text,
              "CREATE INDEX ON t (a)");
    EXPECT_TRUE(choose_statement(of("CREATE INDEX ON t (a)", "CREATE INDEX", 0)).is_certain);
    DdlCommand exact = of(text, "CREATE TABLE", 2);
    exact.is_exact = true;
    EXPECT_EQ(choose_statement(exact).text, "CREATE TABLE b ()");
    exact.number = 1;
    EXPECT_EQ(choose_statement(exact).text, "");
    exact.number = 9;
    EXPECT_EQ(choose_statement(exact).text, "");
}

}  // namespace
}  // namespace farshore::secondary
