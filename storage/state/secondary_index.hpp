#pragma once
// What a secondary knows of its trees: what is on the disk of each replica, and what came and is
// still to be applied.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/file_entry.hpp"
#include "protocol/tree_digest.hpp"
#include "storage/state/retained_entries.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

// By which a file is known again without reading it, with the size and mtime of its entry.
struct DiskIdentity {
    std::uint64_t inode = 0;
    FileTime ctime;

    bool operator==(const DiskIdentity&) const = default;
};

struct IndexedEntry {
    FileEntry entry;
    DiskIdentity identity;
};

struct TreeTotals {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;  // of files
    TreeDigest digest;
};

// Invariants: at most one entry for each path of a tree; TreeTotals is always that of the entries;
// an incoming entry leaves in the same transaction in which it becomes part of the entries.
// Walks read in pages, so that none holds the database while its visitor is busy; they see what is
// committed meanwhile. Not thread-safe: one instance, with its own Database, for each thread.
class SecondaryIndex {
  public:
    explicit SecondaryIndex(Database& database);

    using Visitor = std::function<void(const FileEntry&)>;
    enum class Order : std::uint8_t { ascending, descending };  // by the bytes of the path

    // --- incoming. Atomic, but durable only with the next SecondaryState::commit_received(). A
    // path that comes twice in a cut: the later one stands.
    void add_incoming(CutNumber cut, const SourceName& tree, std::span<const FileEntry> entries);
    void discard_incoming(CutNumber cut);
    // Of all cuts above `cut`: what was being told when the process ended.
    void discard_incoming_above(CutNumber cut);
    void walk_incoming(CutNumber cut, const SourceName& tree, Order order, const Visitor& visit);
    // Ascending, each with what the index had at its path when the page was read.
    using ChangeVisitor =
        std::function<void(const FileEntry& entry, const std::optional<IndexedEntry>& before)>;
    void walk_changes(CutNumber cut, const SourceName& tree, const ChangeVisitor& visit);
    [[nodiscard]] std::optional<FileEntry> find_incoming(CutNumber cut, const SourceName& tree,
                                                         std::string_view path);
    // The first path of a group of hard links in a cut.
    [[nodiscard]] std::optional<FileEntry> first_incoming_of_link(CutNumber cut,
                                                                  const SourceName& tree,
                                                                  std::string_view link);
    // Whether something incoming still needs the content: anything, or what comes after `entry` of
    // `cut` in the order of applying and is not a hard link of it.
    [[nodiscard]] bool needs(const SourceName& tree, const Digest& sha256);
    [[nodiscard]] bool needs_after(const SourceName& tree, CutNumber cut, const FileEntry& entry);
    // Whether a received cut before `cut` still has to change the path.
    [[nodiscard]] bool is_incoming_before(CutNumber cut, const SourceName& tree,
                                          std::string_view path);
    [[nodiscard]] std::vector<SourceName> incoming_trees(CutNumber cut);

    // --- what is on the disk
    [[nodiscard]] std::optional<IndexedEntry> find(const SourceName& tree, std::string_view path);
    // Some paths with that content; at most `limit`: of a few, one still is what it was.
    [[nodiscard]] std::vector<IndexedEntry> find_by_sha256(const SourceName& tree,
                                                           const Digest& sha256,
                                                           std::size_t limit = 8);
    [[nodiscard]] std::vector<IndexedEntry> find_link_group(const SourceName& tree,
                                                            std::string_view link);
    void walk(const SourceName& tree, Order order, const Visitor& visit);
    [[nodiscard]] TreeTotals totals(const SourceName& tree);

    // --- from the one to the other
    struct Settled {
        FileEntry entry;  // as it was incoming; type deleted: the path is gone
        DiskIdentity identity;
        // What was at the path before is kept like this.
        std::optional<Retained> retained = std::nullopt;
    };
    // Atomic; durable with the next SecondaryState::commit_applied(). To be called when the disk
    // has been synced with them.
    void settle(CutNumber cut, const SourceName& tree, std::span<const Settled> page);

    [[nodiscard]] RetainedEntries& retained() { return retained_; }

  private:
    std::vector<FileEntry> page_of(Statement& statement) const;
    void write_totals(const SourceName& tree, const TreeTotals& totals);
    void settle_one(const SourceName& tree, const Settled& settled, TreeTotals& totals);

    Database& database_;
    RetainedEntries retained_;
    Statement add_;
    Statement find_incoming_;
    Statement first_of_link_;
    Statement needs_;
    Statement needs_after_;
    Statement incoming_before_;
    Statement find_;
    Statement by_sha256_;
    Statement by_link_;
    Statement put_;
    Statement erase_;
    Statement erase_incoming_;
};

}  // namespace farshore::storage
