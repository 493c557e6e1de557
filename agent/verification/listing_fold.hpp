#pragma once
// A tree's listing, folded from a checkpoint and the change lists after it, in bounded memory.

#include <cstdint>
#include <functional>
#include <string_view>

#include "protocol/file_entry.hpp"
#include "protocol/tree_digest.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::verification {

struct ListingTotals {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    TreeDigest digest;

    bool operator==(const ListingTotals&) const = default;
};

// Invariants: totals() are those of the entries that walk() shows, but for the newer ones. The
// entries are in a temporary SQLite database that is gone with this object.
class ListingFold {
  public:
    ListingFold();
    ListingFold(const ListingFold&) = delete;
    ListingFold& operator=(const ListingFold&) = delete;

    // The path's newest state; type deleted removes it.
    void apply(const FileEntry& entry);
    // The path has changed after the mark that is asked for: what it was then is not known.
    void set_newer(const FileEntry& entry);

    [[nodiscard]] const ListingTotals& totals() const { return totals_; }
    // Paths that set_newer() was called for.
    [[nodiscard]] std::uint64_t newer() const { return newer_; }
    // In the order of the paths' bytes, from the first above `after`; ends when `each` says false.
    // A newer path comes with what is known of it last (which may be type deleted).
    void walk(std::string_view after,
              const std::function<bool(const FileEntry& entry, bool is_newer)>& each);

  private:
    bool remove(std::string_view path);
    void insert(const FileEntry& entry, bool is_newer);

    storage::Database database_;
    storage::Statement find_;
    storage::Statement delete_;
    storage::Statement insert_;
    ListingTotals totals_;
    std::uint64_t newer_ = 0;
};

}  // namespace farshore::verification
