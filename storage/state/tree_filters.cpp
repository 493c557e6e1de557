#include "storage/state/tree_filters.hpp"

namespace farshore::storage {

namespace {

std::string lines_of(const std::vector<std::string>& patterns) {
    std::string lines;
    for (const std::string& pattern : patterns) {
        lines += pattern + "\n";
    }
    return lines;
}

std::vector<std::string> patterns_of(std::string_view lines) {
    std::vector<std::string> patterns;
    for (std::size_t end = lines.find('\n'); end != std::string_view::npos;
         end = lines.find('\n')) {
        patterns.emplace_back(lines.substr(0, end));
        lines.remove_prefix(end + 1);
    }
    return patterns;
}

}  // namespace

KnownFilters TreeFilters::recognise(const SourceName& tree,
                                    const std::vector<std::string>& patterns, Timestamp now) {
    const std::string lines = lines_of(patterns);
    Transaction transaction(database_);
    KnownFilters known;
    std::optional<std::string> seen;
    std::optional<std::string> before;
    {
        Statement ask(database_,
                      "SELECT patterns, before, changed FROM tree_filters WHERE tree = ?1");
        if (ask.bind_text(1, tree.str()).step()) {
            seen = std::string(ask.bytes(0));
            if (!ask.is_null(1)) {
                before = std::string(ask.bytes(1));
            }
            if (!ask.is_null(2)) {
                known.changed = Timestamp{ask.integer(2)};
            }
        }
    }
    if (seen && *seen != lines) {
        before = before.value_or("") + *seen;
        known.changed = now;
    }
    Statement put(database_, "INSERT OR REPLACE INTO tree_filters VALUES (?1, ?2, ?3, ?4)");
    put.bind_text(1, tree.str()).bind_text(2, lines);
    before ? put.bind_text(3, *before) : put.bind_null(3);
    known.changed ? put.bind(4, known.changed->nanoseconds) : put.bind_null(4);
    put.run();
    transaction.commit();
    if (before) {
        known.before = patterns_of(*before);
    }
    return known;
}

void TreeFilters::come_to_terms(const SourceName& tree) {
    Transaction transaction(database_);
    Statement(database_, "UPDATE tree_filters SET before = NULL WHERE tree = ?1")
        .bind_text(1, tree.str())
        .run();
    transaction.commit();
}

}  // namespace farshore::storage
