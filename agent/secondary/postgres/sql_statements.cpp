#include "agent/secondary/postgres/sql_statements.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace farshore::secondary {

namespace {

bool is_word_start(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_word(char c) {
    return is_word_start(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '$';
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

// One token after the other, as the server's scanner has them.
class Scanner {
  public:
    Scanner(std::string_view text, Backslash backslash) : text_(text), backslash_(backslash) {}

    [[nodiscard]] bool next(SqlToken& token) {
        skip_space();
        if (at_ >= text_.size()) {
            return false;
        }
        token.begin = at_;
        scan(token);
        token.end = at_;
        if (token.value.empty()) {
            token.value = text_.substr(token.begin, token.end - token.begin);
        }
        return true;
    }

  private:
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }

    void skip_space() {
        while (at_ < text_.size()) {
            if (std::isspace(static_cast<unsigned char>(peek())) != 0) {
                ++at_;
            } else if (peek() == '-' && peek(1) == '-') {
                at_ = std::min(text_.find_first_of("\n\r", at_), text_.size());
            } else if (peek() == '/' && peek(1) == '*') {
                skip_comment();
            } else {
                return;
            }
        }
    }

    void skip_comment() {
        int depth = 0;
        do {
            if (peek() == '/' && peek(1) == '*') {
                ++depth;
                at_ += 2;
            } else if (peek() == '*' && peek(1) == '/') {
                --depth;
                at_ += 2;
            } else {
                ++at_;
            }
        } while (depth > 0 && at_ < text_.size());
        at_ = std::min(at_, text_.size());
    }

    void scan(SqlToken& token) {
        token.value.clear();
        const char c = peek();
        const bool escapes = (c == 'E' || c == 'e') && peek(1) == '\'';
        const bool prefixed = std::string_view("BbXxNn").find(c) != std::string_view::npos;
        if (c == '\'' || escapes || (prefixed && peek(1) == '\'')) {
            at_ += c == '\'' ? 0 : 1;
            token.kind = SqlTokenKind::text;
            scan_quoted('\'', escapes || (c == '\'' && backslash_ == Backslash::escape));
        } else if (c == '"') {
            scan_name(token);
        } else if (c == '$' && scan_dollars()) {
            token.kind = SqlTokenKind::text;
        } else if (is_word_start(c)) {
            while (is_word(peek())) {
                ++at_;
            }
            token.kind = SqlTokenKind::word;
            token.value = lower(text_.substr(token.begin, at_ - token.begin));
        } else {
            ++at_;
            while (std::isdigit(static_cast<unsigned char>(c)) != 0 && is_word(peek())) {
                ++at_;
            }
            token.kind = SqlTokenKind::symbol;
        }
    }

    void scan_quoted(char quote, bool escapes) {
        ++at_;
        while (at_ < text_.size()) {
            const bool doubled = peek() == quote && peek(1) == quote;
            if (doubled || (escapes && peek() == '\\')) {
                ++at_;
            } else if (peek() == quote) {
                ++at_;
                return;
            }
            ++at_;
        }
        at_ = text_.size();
    }

    void scan_name(SqlToken& token) {
        token.kind = SqlTokenKind::quoted;
        scan_quoted('"', false);
        std::string_view inside = text_.substr(token.begin + 1, at_ - token.begin - 1);
        if (inside.ends_with('"')) {
            inside.remove_suffix(1);
        }
        for (std::size_t i = 0; i < inside.size(); ++i) {
            token.value.push_back(inside[i]);
            i += inside[i] == '"' ? 1 : 0;  // a doubled quote is one
        }
    }

    // $tag$ ... $tag$
    bool scan_dollars() {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != '$' && is_word(text_[end])) {
            ++end;
        }
        const bool is_parameter = std::isdigit(static_cast<unsigned char>(peek(1))) != 0;
        if (end >= text_.size() || text_[end] != '$' || is_parameter) {
            return false;
        }
        const std::string_view tag = text_.substr(at_, end - at_ + 1);
        const std::size_t close = text_.find(tag, end + 1);
        at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
        return true;
    }

    std::string_view text_;
    Backslash backslash_;
    std::size_t at_ = 0;
};

bool is(const SqlToken& token, std::string_view word) {
    return (token.kind == SqlTokenKind::word || token.kind == SqlTokenKind::symbol) &&
           token.value == word;
}

// How deep in parentheses and in BEGIN ATOMIC ... END a statement is.
class Nesting {
  public:
    void take(const std::vector<SqlToken>& before, const SqlToken& token) {
        if (is(token, "(")) {
            ++parentheses_;
        } else if (is(token, ")")) {
            parentheses_ -= parentheses_ > 0 ? 1 : 0;
        } else if (opens_block(before, token)) {
            ++blocks_;
        } else if (blocks_ > 0 && is(token, "end")) {
            --blocks_;
        }
    }
    [[nodiscard]] bool is_outside() const { return parentheses_ == 0 && blocks_ == 0; }

  private:
    // Within a block, CASE too ends with END.
    [[nodiscard]] bool opens_block(const std::vector<SqlToken>& before,
                                   const SqlToken& token) const {
        if (is(token, "atomic")) {
            return !before.empty() && is(before.back(), "begin");
        }
        return blocks_ > 0 && is(token, "case");
    }

    int parentheses_ = 0;
    int blocks_ = 0;
};

// Words between CREATE and what is created.
const std::set<std::string, std::less<>> adjectives{
    "or",     "replace",    "temp",    "temporary",  "unlogged", "local",    "global",
    "unique", "procedural", "trusted", "constraint", "default",  "recursive"};

// A word outside of all parentheses.
bool has_outer(const SqlStatement& statement, std::string_view word) {
    int depth = 0;
    for (const SqlToken& token : statement.tokens) {
        depth += is(token, "(") ? 1 : (is(token, ")") ? -1 : 0);
        if (depth == 0 && is(token, word)) {
            return true;
        }
    }
    return false;
}

std::vector<std::string> words_of(std::string_view tag) {
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < tag.size();) {
        const std::size_t end = std::min(tag.find(' ', begin), tag.size());
        words.push_back(lower(tag.substr(begin, end - begin)));
        begin = end + 1;
    }
    return words;
}

// The text without the tokens from `first` up to `last`, both in.
std::string cut_out(const std::string& text, const SqlToken& first, const SqlToken& last) {
    return text.substr(0, first.begin) + text.substr(last.end);
}

SqlStatement parse_one(const std::string& text) {
    SqlStatement statement{text, {}};
    Scanner scanner(text, Backslash::ordinary);
    SqlToken token;
    while (scanner.next(token)) {
        statement.tokens.push_back(token);
    }
    return statement;
}

bool names(const SqlToken& token, std::string_view name) {
    return (token.kind == SqlTokenKind::word || token.kind == SqlTokenKind::quoted) &&
           token.value == name;
}

std::string without_grantee(const SqlStatement& statement, std::size_t role) {
    const auto& tokens = statement.tokens;
    const std::size_t first = role - (is(tokens[role - 1], "group") ? 1 : 0);
    const bool has_next = role + 1 < tokens.size() && is(tokens[role + 1], ",");
    if (has_next) {
        return cut_out(statement.text, tokens[first], tokens[role + 1]);
    }
    return is(tokens[first - 1], ",") ? cut_out(statement.text, tokens[first - 1], tokens[role])
                                      : "";
}

// For ALTER TABLE ... DETACH PARTITION name CONCURRENTLY.
std::string bounds_as_constraint(const SqlStatement& statement) {
    const auto& tokens = statement.tokens;
    const auto partition = std::find_if(
        tokens.begin(), tokens.end(), [](const SqlToken& token) { return is(token, "partition"); });
    const std::size_t begin = partition->end;
    const std::string name = statement.text.substr(begin, tokens.back().begin - begin);
    std::string literal;
    for (const char c : name) {
        literal += c == '\'' ? "''" : std::string(1, c);
    }
    return "DO $farshore$ DECLARE part regclass := btrim('" + literal +
           "'); BEGIN EXECUTE format('ALTER TABLE %s ADD CHECK (%s)', part,"
           " pg_get_partition_constraintdef(part)); END $farshore$; ";
}

}  // namespace

std::vector<SqlStatement> split_statements(std::string_view text, Backslash backslash) {
    std::vector<SqlStatement> statements;
    std::vector<SqlToken> tokens;
    Nesting nesting;
    const auto finish = [&] {
        if (!tokens.empty()) {
            const std::size_t begin = tokens.front().begin;
            SqlStatement statement{std::string(text.substr(begin, tokens.back().end - begin)), {}};
            for (SqlToken& token : tokens) {
                token.begin -= begin;
                token.end -= begin;
            }
            statement.tokens = std::move(tokens);
            statements.push_back(std::move(statement));
        }
        tokens.clear();
        nesting = {};
    };
    Scanner scanner(text, backslash);
    SqlToken token;
    while (scanner.next(token)) {
        if (is(token, ";") && nesting.is_outside()) {
            finish();
        } else {
            nesting.take(tokens, token);
            tokens.push_back(token);
        }
    }
    finish();
    return statements;
}

bool has_tag(const SqlStatement& statement, std::string_view tag) {
    const std::vector<std::string> words = words_of(tag);
    std::size_t at = 0;
    for (const std::string& word : words) {
        while (at > 0 && at < statement.tokens.size() && words[0] == "create" &&
               statement.tokens[at].value != word &&
               adjectives.contains(statement.tokens[at].value)) {
            ++at;
        }
        if (at >= statement.tokens.size() || !is(statement.tokens[at], word)) {
            return false;
        }
        ++at;
    }
    if (tag == "CREATE TABLE") {
        return !has_outer(statement, "as");
    }
    if (tag == "GRANT" || tag == "REVOKE") {
        return has_outer(statement, "on");
    }
    const bool is_operator = tag.ends_with(" OPERATOR") && at < statement.tokens.size();
    return !is_operator ||
           (!is(statement.tokens[at], "class") && !is(statement.tokens[at], "family"));
}

std::size_t mentions(const SqlStatement& statement, std::string_view identity) {
    std::set<std::string> wanted;
    for (const SqlToken& token : parse_one(std::string(identity)).tokens) {
        if (token.kind == SqlTokenKind::word || token.kind == SqlTokenKind::quoted) {
            wanted.insert(token.value);
        }
    }
    return static_cast<std::size_t>(
        std::count_if(wanted.begin(), wanted.end(), [&](const std::string& name) {
            return std::any_of(statement.tokens.begin(), statement.tokens.end(),
                               [&](const SqlToken& token) { return names(token, name); });
        }));
}

std::string without_concurrently(const SqlStatement& statement) {
    const auto& tokens = statement.tokens;
    const auto has = [&](std::string_view word) {
        return std::any_of(tokens.begin(), tokens.end(),
                           [word](const SqlToken& token) { return is(token, word); });
    };
    const auto found = std::find_if(tokens.begin(), tokens.end(), [](const SqlToken& token) {
        return is(token, "concurrently");
    });
    const bool is_detached = has("detach") && has("partition");
    if (found == tokens.end() || (!is_detached && !has("index") && !has("refresh"))) {
        return statement.text;
    }
    const std::string rest = cut_out(statement.text, *found, *found);
    return is_detached ? bounds_as_constraint(statement) + rest : rest;
}

std::string without_tablespace(const SqlStatement& statement) {
    const auto& tokens = statement.tokens;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        if (is(tokens[i], "tablespace")) {
            const bool is_using =
                i >= 2 && is(tokens[i - 1], "index") && is(tokens[i - 2], "using");
            const std::size_t first = is_using ? i - 2 : i;
            return without_tablespace(
                parse_one(cut_out(statement.text, tokens[first], tokens[i + 1])));
        }
    }
    return statement.text;
}

std::string without_role(const SqlStatement& statement, std::string_view role) {
    const auto& tokens = statement.tokens;
    const bool is_grant = !tokens.empty() && (is(tokens[0], "grant") || is(tokens[0], "revoke"));
    const bool is_owner = has_outer(statement, "owner");
    const bool is_default = tokens.size() > 1 && is(tokens[1], "default");
    for (std::size_t i = tokens.size(); i-- > 2;) {
        if (!names(tokens[i], role)) {
            continue;
        }
        if (is_owner) {
            return "";
        }
        if (is_grant || is_default) {
            const std::string rest = without_grantee(statement, i);
            // Who is left must be spoken of still: FOR ROLE and GRANTED BY name nobody else.
            return is(tokens[i - 1], "role") || is(tokens[i - 1], "by") ? "" : rest;
        }
        return statement.text.substr(0, tokens[i].begin) + "CURRENT_USER" +
               statement.text.substr(tokens[i].end);
    }
    return statement.text;
}

}  // namespace farshore::secondary
