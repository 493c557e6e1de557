#include "storage/state/retained_entries.hpp"

#include "protocol/limits.hpp"
#include "storage/state/captured_entry.hpp"

namespace farshore::storage {

namespace {

constexpr std::string_view columns =
    "SELECT number, at, replaced, name, entry FROM secondary_retained ";

RetainedEntry read_row(const Statement& row) {
    RetainedEntry found;
    found.number = row.integer(0);
    found.how.at = Timestamp{row.integer(1)};
    found.how.replaced = row.integer(2) != 0;
    found.how.name = std::string(row.bytes(3));
    found.entry = read_entry(row.bytes(4));
    return found;
}

}  // namespace

RetainedEntries::RetainedEntries(Database& database)
    : database_(database),
      add_(database,
           "INSERT INTO secondary_retained (tree, path, at, replaced, name, entry, sha256) "
           "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
      content_(database,
               "SELECT name FROM secondary_retained WHERE tree = ?1 AND sha256 = ?2 "
               "AND name IS NOT NULL ORDER BY number DESC LIMIT 1"),
      lacking_(database,
               "SELECT 1 FROM secondary_retained WHERE tree = ?1 AND sha256 = ?2 "
               "AND name IS NULL LIMIT 1") {}

void RetainedEntries::add(const SourceName& tree, const FileEntry& entry, const Retained& how) {
    ByteWriter out;
    encode(entry, out);
    const std::string bytes = out.take();
    add_.reset();
    add_.bind_text(1, tree.str())
        .bind_blob(2, entry.path)
        .bind(3, how.at.nanoseconds)
        .bind(4, how.replaced ? 1 : 0)
        .bind_blob(6, bytes);
    if (how.name.empty()) {
        add_.bind_null(5);
    } else {
        add_.bind_text(5, how.name);
    }
    if (entry.sha256) {
        add_.bind(7, *entry.sha256);
    } else {
        add_.bind_null(7);
    }
    add_.run();
    change_totals(tree, 1, how.name.empty() ? 0 : static_cast<std::int64_t>(entry.size));
}

void RetainedEntries::erase(const SourceName& tree, std::span<const RetainedEntry> entries) {
    Transaction transaction(database_);
    Statement remove(database_, "DELETE FROM secondary_retained WHERE number = ?1");
    std::int64_t count = 0;
    std::int64_t bytes = 0;
    for (const RetainedEntry& entry : entries) {
        remove.bind(1, entry.number).run();
        if (database_.changes() > 0) {
            ++count;
            bytes += static_cast<std::int64_t>(entry.bytes());
        }
    }
    change_totals(tree, -count, -bytes);
    transaction.commit();
}

void RetainedEntries::change_totals(const SourceName& tree, std::int64_t entries,
                                    std::int64_t bytes) {
    Statement(database_,
              "INSERT INTO secondary_retention (tree, entries, bytes) VALUES (?1, ?2, ?3) "
              "ON CONFLICT (tree) DO UPDATE SET entries = entries + ?2, bytes = bytes + ?3")
        .bind_text(1, tree.str())
        .bind(2, entries)
        .bind(3, bytes)
        .run();
}

RetentionTotals RetainedEntries::totals(const SourceName& tree) {
    Statement ask(database_, "SELECT entries, bytes FROM secondary_retention WHERE tree = ?1");
    if (!ask.bind_text(1, tree.str()).step()) {
        return {};
    }
    return {.entries = ask.unsigned_integer(0), .bytes = ask.unsigned_integer(1)};
}

std::vector<RetainedEntry> RetainedEntries::oldest(
    const SourceName& tree, std::size_t most,
    const std::function<bool(const RetainedEntry&)>& wanted) {
    Statement ask(database_, std::string(columns) + "WHERE tree = ?1 ORDER BY number");
    ask.bind_text(1, tree.str());
    std::vector<RetainedEntry> found;
    while (found.size() < most && ask.step()) {
        RetainedEntry entry = read_row(ask);
        if (!wanted(entry)) {
            break;
        }
        found.push_back(std::move(entry));
    }
    return found;
}

std::optional<std::string> RetainedEntries::find_content(const SourceName& tree,
                                                         const Digest& sha256) {
    content_.reset();
    content_.bind_text(1, tree.str()).bind(2, sha256);
    std::optional<std::string> name;
    if (content_.step()) {
        name = std::string(content_.bytes(0));
    }
    content_.reset();
    return name;
}

bool RetainedEntries::lacks_content(const SourceName& tree, const Digest& sha256) {
    lacking_.reset();
    lacking_.bind_text(1, tree.str()).bind(2, sha256);
    const bool lacks = lacking_.step();
    lacking_.reset();
    return lacks;
}

void RetainedEntries::walk(const SourceName& tree, std::string_view path, Timestamp until,
                           const Visitor& visit) {
    const bool all = path == ".";
    Statement ask(database_, std::string(columns) +
                                 "WHERE tree = ?1 AND at <= ?2 AND (path = ?3 OR (path > ?4 AND "
                                 "path < ?5)) ORDER BY path, number DESC");
    // '0' is the byte after '/': between the two lies everything below the directory.
    const std::string from = all ? std::string() : std::string(path) + "/";
    const std::string to =
        all ? std::string(1, '\xff') + std::string(limits::path, '\xff') : std::string(path) + "0";
    ask.bind_text(1, tree.str())
        .bind(2, until.nanoseconds)
        .bind_blob(3, path)
        .bind_blob(4, from)
        .bind_blob(5, to);
    while (ask.step()) {
        visit(read_row(ask));
    }
}

}  // namespace farshore::storage
