#include "agent/secondary/postgres/schema_steps.hpp"

#include <gtest/gtest.h>

namespace farshore::secondary {
namespace {

const std::string prelude = "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n\n";
const std::string key_sql =
    "--\n-- Name: item item_pkey; Type: CONSTRAINT\n--\n\nALTER TABLE ONLY item\n    ADD "
    "CONSTRAINT item_pkey PRIMARY KEY (id);\n\n\n";
const std::string comment =
    "--\n-- Name: it's; Type: COMMENT\n--\n\nSET default_tablespace = x;\n\nCOMMENT ON INDEX i IS "
    "'one\n--\n-- Name: no entry; Type: TRICK\n--\ntwo';\n\n\n";

TEST(SchemaSteps, CutsBeforeEachEntryAndLosesNothing) {
    const SchemaScript script = split_schema(prelude + key_sql + comment + key_sql);
    EXPECT_EQ(script.prelude, prelude);
    ASSERT_EQ(script.steps.size(), 3U);
    EXPECT_EQ(script.steps[0], key_sql);
    EXPECT_EQ(script.steps[1], comment);  // what looks like an entry is within a literal
    EXPECT_EQ(script.steps[2], key_sql);
}

TEST(SchemaSteps, ATextWithoutEntriesOrLineEnd) {
    EXPECT_TRUE(split_schema("").steps.empty());
    EXPECT_EQ(split_schema("SELECT 1;").prelude, "SELECT 1;");
    EXPECT_EQ(split_schema("--\n-- Name: x").steps, std::vector<std::string>{"--\n-- Name: x"});
}

TEST(SchemaSteps, TheSameSchemaHasTheSameSteps) {
    const auto one = split_schema("\\restrict abc\n" + prelude + key_sql + "\\unrestrict abc\n");
    const auto two = split_schema("\\restrict xyz\n" + prelude + key_sql + "\\unrestrict xyz\n");
    EXPECT_EQ(one.prelude, two.prelude);
    EXPECT_EQ(one.steps, two.steps);
}

TEST(SchemaSteps, ViewsAreFilledEachTime) {
    EXPECT_TRUE(
        is_refresh("--\n-- Name: v; Type: MATERIALIZED VIEW DATA; Schema: public; Owner: o\n--\n\n"
                   "REFRESH MATERIALIZED VIEW v;\n"));
    EXPECT_FALSE(is_refresh(key_sql));
    EXPECT_FALSE(
        is_refresh(key_sql + "-- Name: v; Type: MATERIALIZED VIEW DATA; Schema: public\n"));
    EXPECT_FALSE(is_refresh("--\n"));
    EXPECT_FALSE(is_refresh(""));
}

TEST(SchemaSteps, SettingsStayWhenAStepIsLeftOut) {
    EXPECT_EQ(settings_of(comment), "SET default_tablespace = x;\n");
    EXPECT_EQ(settings_of(key_sql), "");
}

}  // namespace
}  // namespace farshore::secondary
