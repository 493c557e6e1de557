#pragma once
// What a secondary keeps for a while of what its replicas have lost: an entry for each path that
// was removed or replaced, and the name under which its content lies in the retention folder.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/file_entry.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

struct Retained {
    Timestamp at;           // when that was applied
    bool replaced = false;  // by another version; else deleted
    std::string name;       // in the retention folder; empty: nothing of its own is there
};

struct RetainedEntry {
    std::int64_t number = 0;  // rising in the order of applying
    FileEntry entry;          // as it was
    Retained how;

    // Of its content in the retention folder.
    [[nodiscard]] std::uint64_t bytes() const { return how.name.empty() ? 0 : entry.size; }
};

struct RetentionTotals {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;  // of the contents in the retention folder
};

// Invariants: RetentionTotals is always that of the entries. A file without a name of its own was
// one of several names of an inode: its content is that of another entry, here or in the tree. Not
// thread-safe.
class RetainedEntries {
  public:
    explicit RetainedEntries(Database& database);

    // Within the transaction of the caller.
    void add(const SourceName& tree, const FileEntry& entry, const Retained& how);
    // A transaction of its own.
    void erase(const SourceName& tree, std::span<const RetainedEntry> entries);

    [[nodiscard]] RetentionTotals totals(const SourceName& tree);
    // The oldest ones, `most` at most, up to the first that `wanted` does not want.
    [[nodiscard]] std::vector<RetainedEntry> oldest(
        const SourceName& tree, std::size_t most,
        const std::function<bool(const RetainedEntry&)>& wanted);
    // A name in the retention folder that holds this content.
    [[nodiscard]] std::optional<std::string> find_content(const SourceName& tree,
                                                          const Digest& sha256);
    // Whether an entry has this content and no name of its own: whoever has it must not let it go.
    [[nodiscard]] bool lacks_content(const SourceName& tree, const Digest& sha256);

    using Visitor = std::function<void(const RetainedEntry&)>;
    // `path` itself and what was below it, retained at `until` or before; by path, and of one path
    // the newest first. "." for all of the tree.
    void walk(const SourceName& tree, std::string_view path, Timestamp until, const Visitor& visit);

  private:
    void change_totals(const SourceName& tree, std::int64_t entries, std::int64_t bytes);

    Database& database_;
    Statement add_;
    Statement content_;
    Statement lacking_;
};

}  // namespace farshore::storage
