#include "agent/secondary/postgres/sql_statements.hpp"

#include <gtest/gtest.h>

namespace farshore::secondary {
namespace {

std::vector<std::string> texts(std::string_view sql, Backslash backslash = Backslash::ordinary) {
    std::vector<std::string> result;
    for (const SqlStatement& statement : split_statements(sql, backslash)) {
        result.push_back(statement.text);
    }
    return result;
}

SqlStatement one(const std::string& sql) {
    return split_statements(sql, Backslash::ordinary).at(0);
}

TEST(SqlStatements, EndWhereTheServerEndsThem) {
    using Texts = std::vector<std::string>;
    EXPECT_EQ(texts(" a ; b;; -- c;\n /* d; /* e; */ ; */ f"), (Texts{"a", "b", "f"}));
    EXPECT_EQ(texts("a ';' ''';' \";\"\";\"; b"), (Texts{"a ';' ''';' \";\"\";\"", "b"}));
    EXPECT_EQ(texts("a E'\\';' ; b"), (Texts{"a E'\\';'", "b"}));
    EXPECT_EQ(texts("a '\\'; b"), (Texts{"a '\\'", "b"}));
    EXPECT_EQ(texts("a '\\';' ; b", Backslash::escape), (Texts{"a '\\';'", "b"}));
    EXPECT_EQ(texts("a $$;$x$;$$; b $x$;$$;$x$ ; c $1;d$$;e"),
              (Texts{"a $$;$x$;$$", "b $x$;$$;$x$", "c $1", "d$$", "e"}));
    EXPECT_EQ(texts("CREATE RULE r AS DO (a; b); c"), (Texts{"CREATE RULE r AS DO (a; b)", "c"}));
    EXPECT_EQ(texts("CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE 1 END; x; END; BEGIN; y"),
              (Texts{"CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE 1 END; x; END", "BEGIN", "y"}));
    EXPECT_EQ(texts("/* open"), Texts{});
    EXPECT_EQ(texts("a 'open;"), Texts{"a 'open;"});
    EXPECT_EQ(texts("a \"open;"), Texts{"a \"open;"});
    EXPECT_EQ(texts("a $x$open;"), Texts{"a $x$open;"});
}

TEST(SqlStatements, HaveTheTagOfTheServer) {
    EXPECT_TRUE(has_tag(one("create or replace temp view v as select"), "CREATE VIEW"));
    EXPECT_TRUE(has_tag(one("CREATE UNLOGGED TABLE t (g int GENERATED ALWAYS AS (1) STORED)"),
                        "CREATE TABLE"));
    EXPECT_FALSE(has_tag(one("CREATE TABLE t AS SELECT 1"), "CREATE TABLE"));
    EXPECT_TRUE(has_tag(one("CREATE UNIQUE INDEX ON t (a)"), "CREATE INDEX"));
    EXPECT_FALSE(has_tag(one("CREATE TABLE \"index\" ()"), "CREATE INDEX"));
    EXPECT_TRUE(has_tag(one("CREATE MATERIALIZED VIEW v AS SELECT"), "CREATE MATERIALIZED VIEW"));
    EXPECT_FALSE(has_tag(one("CREATE MATERIALIZED VIEW v AS SELECT"), "CREATE VIEW"));
    EXPECT_TRUE(has_tag(one("CREATE CONSTRAINT TRIGGER t AFTER INSERT ON x"), "CREATE TRIGGER"));
    EXPECT_TRUE(has_tag(one("CREATE OPERATOR === (procedure = f)"), "CREATE OPERATOR"));
    EXPECT_FALSE(has_tag(one("CREATE OPERATOR CLASS c"), "CREATE OPERATOR"));
    EXPECT_TRUE(has_tag(one("CREATE OPERATOR CLASS c"), "CREATE OPERATOR CLASS"));
    EXPECT_TRUE(has_tag(one("GRANT SELECT ON t TO a"), "GRANT"));
    EXPECT_FALSE(has_tag(one("GRANT a TO b"), "GRANT"));
    EXPECT_FALSE(has_tag(one("ALTER"), "ALTER TABLE"));
}

TEST(SqlStatements, MentionTheNamesOfAnIdentity) {
    EXPECT_EQ(mentions(one("CREATE TABLE A (b int)"), "public.a"), 1U);
    EXPECT_EQ(mentions(one("CREATE TABLE \"A\" (b int)"), "public.a"), 0U);
    EXPECT_EQ(mentions(one("CREATE TABLE \"S\"\"s\".\"A\" (b int)"), "\"S\"\"s\".\"A\""), 2U);
    EXPECT_EQ(mentions(one("SELECT 'a'"), "a"), 0U);
    EXPECT_EQ(mentions(one("CREATE TABLE a ()"), ""), 0U);
}

TEST(SqlStatements, LeaveOutWhatOnlyOneServerHas) {
    EXPECT_EQ(without_concurrently(one("CREATE INDEX CONCURRENTLY i ON t (a)")),
              "CREATE INDEX  i ON t (a)");
    EXPECT_EQ(without_concurrently(one("CREATE INDEX \"concurrently\" ON t (a)")),
              "CREATE INDEX \"concurrently\" ON t (a)");
    const std::string detached =
        without_concurrently(one("ALTER TABLE p DETACH PARTITION \"q'\" CONCURRENTLY"));
    EXPECT_TRUE(detached.ends_with("; ALTER TABLE p DETACH PARTITION \"q'\" ")) << detached;
    EXPECT_NE(detached.find("btrim(' \"q''\" ')"), std::string::npos) << detached;
    EXPECT_EQ(without_tablespace(one("CREATE TABLE t (a int PRIMARY KEY USING INDEX TABLESPACE x) "
                                     "TABLESPACE \"Y\"")),
              "CREATE TABLE t (a int PRIMARY KEY ) ");
    EXPECT_EQ(without_role(one("GRANT SELECT ON a TO a, b, \"C\""), "a"),
              "GRANT SELECT ON a TO  b, \"C\"");
    EXPECT_EQ(without_role(one("GRANT SELECT ON t TO a, b"), "b"), "GRANT SELECT ON t TO a");
    EXPECT_EQ(without_role(one("GRANT SELECT ON t TO GROUP b"), "b"), "");
    EXPECT_EQ(without_role(one("REVOKE ALL ON t FROM a"), "a"), "");
    EXPECT_EQ(without_role(one("ALTER TABLE t OWNER TO a"), "a"), "");
    EXPECT_EQ(
        without_role(one("ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT SELECT ON TABLES TO b"), "a"),
        "");
    EXPECT_EQ(without_role(one("CREATE POLICY p ON t TO a USING (true)"), "a"),
              "CREATE POLICY p ON t TO CURRENT_USER USING (true)");
    EXPECT_EQ(without_role(one("CREATE SCHEMA AUTHORIZATION a"), "a"),
              "CREATE SCHEMA AUTHORIZATION CURRENT_USER");
    EXPECT_EQ(without_role(one("COMMENT ON TABLE t IS 'x'"), "a"), "COMMENT ON TABLE t IS 'x'");
}

}  // namespace
}  // namespace farshore::secondary
