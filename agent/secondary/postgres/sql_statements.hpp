#pragma once
// The statements in a text of SQL, as the server reads them. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farshore::secondary {

enum class SqlTokenKind : std::uint8_t { word, quoted, text, symbol };

struct SqlToken {
    SqlTokenKind kind = SqlTokenKind::symbol;
    std::size_t begin = 0;  // in the text
    std::size_t end = 0;
    std::string value;  // a word in lower case, a quoted name without its quotes, else as written
};

struct SqlStatement {
    std::string text;  // without the semicolon
    std::vector<SqlToken> tokens;
};

enum class Backslash : std::uint8_t { ordinary, escape };  // in a plain string

// In order; what is empty is none. Semicolons within parentheses (rules) and within BEGIN ATOMIC
// ... END belong to their statement.
[[nodiscard]] std::vector<SqlStatement> split_statements(std::string_view text,
                                                         Backslash backslash);

// Whether the server's command tag for the statement is `tag` ("CREATE TABLE").
[[nodiscard]] bool has_tag(const SqlStatement& statement, std::string_view tag);

// The names in an object's identity ("public.t", "f(integer)") that the statement mentions.
[[nodiscard]] std::size_t mentions(const SqlStatement& statement, std::string_view identity);

// CREATE and DROP INDEX and their like without CONCURRENTLY, which no transaction allows; with what
// it does beside: a partition that is detached so gets its bounds as a constraint.
[[nodiscard]] std::string without_concurrently(const SqlStatement& statement);
// Without its TABLESPACE clauses.
[[nodiscard]] std::string without_tablespace(const SqlStatement& statement);
// As it is where `role` is not: GRANT and REVOKE without it, a policy or schema for the current
// user in its place. Empty: nothing is left to do.
[[nodiscard]] std::string without_role(const SqlStatement& statement, std::string_view role);

}  // namespace farshore::secondary
