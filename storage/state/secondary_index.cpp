#include "storage/state/secondary_index.hpp"

#include "protocol/limits.hpp"
#include "storage/state/captured_entry.hpp"

namespace farshore::storage {

namespace {

constexpr std::int64_t page_rows = 500;

// Where a walk begins: no path is empty, and none is behind the longest one of the last byte.
std::string edge(bool ascending) {
    return ascending ? std::string() : std::string(limits::path + 1, '\xff');
}

// A statement that an error left in the middle is ready again.
Statement& fresh(Statement& statement) {
    statement.reset();
    return statement;
}

std::string bytes_of(const FileEntry& entry) {
    ByteWriter out;
    encode(entry, out);
    return out.take();
}

void bind_keys(Statement& statement, int index, const FileEntry& entry) {
    if (entry.sha256) {
        statement.bind(index, *entry.sha256);
    } else {
        statement.bind_null(index);
    }
    if (entry.link.empty()) {
        statement.bind_null(index + 1);
    } else {
        statement.bind_text(index + 1, entry.link);
    }
}

// From column `first` on: entry, inode, ctime_seconds, ctime_nanoseconds
IndexedEntry indexed_of(const Statement& row, int first = 0) {
    return {
        read_entry(row.bytes(first)),
        {row.unsigned_integer(first + 1),
         {row.integer(first + 2), static_cast<std::uint32_t>(row.unsigned_integer(first + 3))}}};
}

constexpr std::string_view indexed_columns =
    "SELECT entry, inode, ctime_seconds, ctime_nanoseconds FROM secondary_entries ";

std::string indexed_where(std::string_view condition) {
    return std::string(indexed_columns) + std::string(condition);
}

// Commits within its lifetime are atomic and in order, but not synced one by one.
class LazyCommits {
  public:
    explicit LazyCommits(Database& database) : database_(database) {
        database_.execute("PRAGMA synchronous = NORMAL");
    }
    ~LazyCommits() {
        try {
            database_.execute("PRAGMA synchronous = FULL");
        } catch (const Error&) {
            // Only a connection that is broken says no, and it will say so at the next commit.
        }
    }
    LazyCommits(const LazyCommits&) = delete;
    LazyCommits& operator=(const LazyCommits&) = delete;

  private:
    Database& database_;
};

}  // namespace

SecondaryIndex::SecondaryIndex(Database& database)
    : database_(database),
      retained_(database),
      add_(database, "INSERT OR REPLACE INTO secondary_incoming VALUES (?, ?, ?, ?, ?, ?)"),
      find_incoming_(
          database, "SELECT entry FROM secondary_incoming WHERE cut = ? AND tree = ? AND path = ?"),
      first_of_link_(database,
                     "SELECT entry FROM secondary_incoming INDEXED BY secondary_incoming_link "
                     "WHERE cut = ? AND tree = ? AND link = ? ORDER BY path LIMIT 1"),
      // Each names its index: without statistics SQLite takes a tree, or a cut, for ten rows, and
      // reads through all of it instead.
      needs_(database,
             "SELECT 1 FROM secondary_incoming INDEXED BY secondary_incoming_sha256 "
             "WHERE tree = ? AND sha256 = ? LIMIT 1"),
      needs_after_(database,
                   "SELECT 1 FROM secondary_incoming INDEXED BY secondary_incoming_sha256 "
                   "WHERE tree = ?1 AND sha256 = ?2 AND (cut, path) > (?3, ?4) "
                   "AND NOT (cut = ?3 AND ?5 <> '' AND link IS ?5) LIMIT 1"),
      incoming_before_(database,
                       "SELECT 1 FROM secondary_cuts AS c CROSS JOIN secondary_incoming AS i "
                       "ON i.cut = c.cut AND i.tree = ? AND i.path = ? WHERE c.cut < ? LIMIT 1"),
      find_(database, indexed_where("WHERE tree = ? AND path = ?")),
      by_sha256_(database, indexed_where("INDEXED BY secondary_entries_sha256 "
                                         "WHERE tree = ? AND sha256 = ? LIMIT ?")),
      by_link_(database, indexed_where("INDEXED BY secondary_entries_link "
                                       "WHERE tree = ? AND link = ? ORDER BY path")),
      put_(database, "INSERT OR REPLACE INTO secondary_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      erase_(database, "DELETE FROM secondary_entries WHERE tree = ? AND path = ?"),
      erase_incoming_(database,
                      "DELETE FROM secondary_incoming WHERE cut = ? AND tree = ? AND path = ?") {}

void SecondaryIndex::add_incoming(CutNumber cut, const SourceName& tree,
                                  std::span<const FileEntry> entries) {
    const LazyCommits lazy(database_);
    Transaction transaction(database_);
    for (const FileEntry& entry : entries) {
        const std::string bytes = bytes_of(entry);
        fresh(add_)
            .bind(1, cut.value())
            .bind_text(2, tree.str())
            .bind_blob(3, entry.path)
            .bind_blob(4, bytes);
        bind_keys(add_, 5, entry);
        add_.run();
    }
    transaction.commit();
}

void SecondaryIndex::discard_incoming(CutNumber cut) {
    Statement(database_, "DELETE FROM secondary_incoming WHERE cut = ?").bind(1, cut.value()).run();
}

void SecondaryIndex::discard_incoming_above(CutNumber cut) {
    Statement(database_, "DELETE FROM secondary_incoming WHERE cut > ?").bind(1, cut.value()).run();
}

std::vector<FileEntry> SecondaryIndex::page_of(Statement& statement) const {
    std::vector<FileEntry> page;
    while (statement.step()) {
        page.push_back(read_entry(statement.bytes(0)));
    }
    statement.reset();
    return page;
}

void SecondaryIndex::walk_incoming(CutNumber cut, const SourceName& tree, Order order,
                                   const Visitor& visit) {
    const bool up = order == Order::ascending;
    Statement next(database_,
                   std::string("SELECT entry FROM secondary_incoming "
                               "WHERE cut = ? AND tree = ? AND path ") +
                       (up ? "> ? ORDER BY path LIMIT ?" : "< ? ORDER BY path DESC LIMIT ?"));
    std::string last = edge(up);
    for (bool more = true; more;) {
        next.bind(1, cut.value()).bind_text(2, tree.str()).bind_blob(3, last).bind(4, page_rows);
        const std::vector<FileEntry> page = page_of(next);
        for (const FileEntry& entry : page) {
            visit(entry);
        }
        more = page.size() == page_rows;
        last = more ? page.back().path : std::string();
    }
}

void SecondaryIndex::walk_changes(CutNumber cut, const SourceName& tree,
                                  const ChangeVisitor& visit) {
    Statement next(database_,
                   "SELECT i.entry, e.entry, e.inode, e.ctime_seconds, e.ctime_nanoseconds "
                   "FROM secondary_incoming AS i LEFT JOIN secondary_entries AS e "
                   "ON e.tree = i.tree AND e.path = i.path "
                   "WHERE i.cut = ? AND i.tree = ? AND i.path > ? ORDER BY i.path LIMIT ?");
    std::string last = edge(true);
    for (bool more = true; more;) {
        next.bind(1, cut.value()).bind_text(2, tree.str()).bind_blob(3, last).bind(4, page_rows);
        std::vector<std::pair<FileEntry, std::optional<IndexedEntry>>> page;
        while (next.step()) {
            page.emplace_back(read_entry(next.bytes(0)),
                              next.is_null(1) ? std::nullopt : std::optional(indexed_of(next, 1)));
        }
        next.reset();
        for (const auto& [entry, before] : page) {
            visit(entry, before);
        }
        more = page.size() == page_rows;
        last = more ? page.back().first.path : std::string();
    }
}

std::optional<FileEntry> SecondaryIndex::find_incoming(CutNumber cut, const SourceName& tree,
                                                       std::string_view path) {
    fresh(find_incoming_).bind(1, cut.value()).bind_text(2, tree.str()).bind_blob(3, path);
    std::vector<FileEntry> page = page_of(find_incoming_);
    return page.empty() ? std::nullopt : std::optional(std::move(page.front()));
}

std::optional<FileEntry> SecondaryIndex::first_incoming_of_link(CutNumber cut,
                                                                const SourceName& tree,
                                                                std::string_view link) {
    fresh(first_of_link_).bind(1, cut.value()).bind_text(2, tree.str()).bind_text(3, link);
    std::vector<FileEntry> page = page_of(first_of_link_);
    return page.empty() ? std::nullopt : std::optional(std::move(page.front()));
}

bool SecondaryIndex::needs(const SourceName& tree, const Digest& sha256) {
    const bool found = fresh(needs_).bind_text(1, tree.str()).bind(2, sha256).step();
    needs_.reset();
    return found;
}

bool SecondaryIndex::needs_after(const SourceName& tree, CutNumber cut, const FileEntry& entry) {
    fresh(needs_after_)
        .bind_text(1, tree.str())
        .bind(2, entry.sha256.value())
        .bind(3, cut.value())
        .bind_blob(4, entry.path)
        .bind_text(5, entry.link);
    const bool found = needs_after_.step();
    needs_after_.reset();
    return found;
}

bool SecondaryIndex::is_incoming_before(CutNumber cut, const SourceName& tree,
                                        std::string_view path) {
    fresh(incoming_before_).bind_text(1, tree.str()).bind_blob(2, path).bind(3, cut.value());
    const bool found = incoming_before_.step();
    incoming_before_.reset();
    return found;
}

std::vector<SourceName> SecondaryIndex::incoming_trees(CutNumber cut) {
    Statement ask(database_, "SELECT DISTINCT tree FROM secondary_incoming WHERE cut = ?");
    ask.bind(1, cut.value());
    std::vector<SourceName> trees;
    while (ask.step()) {
        trees.emplace_back(std::string(ask.bytes(0)));
    }
    return trees;
}

std::optional<IndexedEntry> SecondaryIndex::find(const SourceName& tree, std::string_view path) {
    fresh(find_).bind_text(1, tree.str()).bind_blob(2, path);
    std::optional<IndexedEntry> found;
    if (find_.step()) {
        found = indexed_of(find_);
    }
    find_.reset();
    return found;
}

std::vector<IndexedEntry> SecondaryIndex::find_by_sha256(const SourceName& tree,
                                                         const Digest& sha256, std::size_t limit) {
    fresh(by_sha256_)
        .bind_text(1, tree.str())
        .bind(2, sha256)
        .bind(3, static_cast<std::uint64_t>(limit));
    std::vector<IndexedEntry> found;
    while (by_sha256_.step()) {
        found.push_back(indexed_of(by_sha256_));
    }
    by_sha256_.reset();
    return found;
}

std::vector<IndexedEntry> SecondaryIndex::find_link_group(const SourceName& tree,
                                                          std::string_view link) {
    fresh(by_link_).bind_text(1, tree.str()).bind_text(2, link);
    std::vector<IndexedEntry> found;
    while (by_link_.step()) {
        found.push_back(indexed_of(by_link_));
    }
    by_link_.reset();
    return found;
}

void SecondaryIndex::walk(const SourceName& tree, Order order, const Visitor& visit) {
    const bool up = order == Order::ascending;
    Statement next(database_,
                   std::string("SELECT entry FROM secondary_entries WHERE tree = ? AND path ") +
                       (up ? "> ? ORDER BY path LIMIT ?" : "< ? ORDER BY path DESC LIMIT ?"));
    std::string last = edge(up);
    for (bool more = true; more;) {
        next.bind_text(1, tree.str()).bind_blob(2, last).bind(3, page_rows);
        const std::vector<FileEntry> page = page_of(next);
        for (const FileEntry& entry : page) {
            visit(entry);
        }
        more = page.size() == page_rows;
        last = more ? page.back().path : std::string();
    }
}

TreeTotals SecondaryIndex::totals(const SourceName& tree) {
    Statement ask(database_, "SELECT entries, bytes, digest FROM secondary_trees WHERE tree = ?");
    if (!ask.bind_text(1, tree.str()).step()) {
        return {};
    }
    return {ask.unsigned_integer(0), ask.unsigned_integer(1), TreeDigest(ask.digest(2))};
}

void SecondaryIndex::write_totals(const SourceName& tree, const TreeTotals& totals) {
    Statement(database_,
              "INSERT INTO secondary_trees (tree, entries, bytes, digest) VALUES (?1, ?2, ?3, ?4) "
              "ON CONFLICT (tree) DO UPDATE SET entries = ?2, bytes = ?3, digest = ?4")
        .bind_text(1, tree.str())
        .bind(2, totals.entries)
        .bind(3, totals.bytes)
        .bind(4, totals.digest.value())
        .run();
}

void SecondaryIndex::settle_one(const SourceName& tree, const Settled& settled,
                                TreeTotals& totals) {
    const FileEntry& entry = settled.entry;
    if (const auto before = find(tree, entry.path)) {
        FARSHORE_ASSERT(totals.entries > 0 && totals.bytes >= before->entry.size);
        totals.entries -= 1;
        totals.bytes -= before->entry.size;
        totals.digest.subtract(entry_digest(before->entry));
        if (settled.retained) {
            retained_.add(tree, before->entry, *settled.retained);
        }
    }
    if (entry.type == EntryType::deleted) {
        fresh(erase_).bind_text(1, tree.str()).bind_blob(2, entry.path).run();
        return;
    }
    totals.entries += 1;
    totals.bytes += entry.size;
    totals.digest.add(entry_digest(entry));
    const std::string bytes = bytes_of(entry);
    fresh(put_).bind_text(1, tree.str()).bind_blob(2, entry.path).bind_blob(3, bytes);
    bind_keys(put_, 4, entry);
    put_.bind(6, settled.identity.inode)
        .bind(7, settled.identity.ctime.seconds)
        .bind(8, static_cast<std::uint64_t>(settled.identity.ctime.nanoseconds))
        .run();
}

void SecondaryIndex::settle(CutNumber cut, const SourceName& tree, std::span<const Settled> page) {
    const LazyCommits lazy(database_);
    Transaction transaction(database_);
    TreeTotals after = totals(tree);
    for (const Settled& settled : page) {
        settle_one(tree, settled, after);
        fresh(erase_incoming_)
            .bind(1, cut.value())
            .bind_text(2, tree.str())
            .bind_blob(3, settled.entry.path)
            .run();
        FARSHORE_ASSERT(database_.changes() == 1);
    }
    write_totals(tree, after);
    transaction.commit();
}

}  // namespace farshore::storage
