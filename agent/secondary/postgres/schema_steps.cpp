#include "agent/secondary/postgres/schema_steps.hpp"

#include <algorithm>

namespace farshore::secondary {

namespace {

std::string_view take_line(std::string_view& rest) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    return line;
}

// "--", "-- Name: …; Type: …", "--": how an entry begins.
bool begins_entry(std::string_view text) {
    return text.starts_with("--\n-- Name: ");
}

bool is_comment(std::string_view line) {
    return line.starts_with("--");
}

// A random word with which pg_restore guards its text against psql's commands: no two texts have
// the same, and what we write into the middle has none.
bool is_guard(std::string_view line) {
    return line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ");
}

}  // namespace

SchemaScript split_schema(std::string_view text) {
    SchemaScript script;
    std::string* part = &script.prelude;
    // Within a literal the same lines may stand in a comment that somebody wrote.
    bool in_literal = false;
    while (!text.empty()) {
        if (!in_literal && begins_entry(text)) {
            part = &script.steps.emplace_back();
        }
        const std::string_view line = take_line(text);
        if (!in_literal && is_guard(line)) {
            continue;
        }
        if (in_literal || !is_comment(line)) {
            in_literal ^= std::count(line.begin(), line.end(), '\'') % 2 != 0;
        }
        part->append(line);
    }
    return script;
}

bool is_refresh(std::string_view step) {
    constexpr std::size_t opening = 3;  // "--\n"
    const std::string_view header = step.substr(0, step.find('\n', opening));
    return begins_entry(step) && header.find("; Type: MATERIALIZED VIEW DATA;") != header.npos;
}

std::string settings_of(std::string_view step) {
    std::string settings;
    while (!step.empty()) {
        const std::string_view line = take_line(step);
        if (line.starts_with("SET ")) {
            settings.append(line);
        }
    }
    return settings;
}

}  // namespace farshore::secondary
