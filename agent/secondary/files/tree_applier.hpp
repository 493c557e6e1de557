#pragma once
// A received cut into one replica: files first, then (after the rows) its removals.

#include <string>

#include "agent/secondary/files/apply_report.hpp"
#include "agent/secondary/files/link_groups.hpp"
#include "agent/secondary/files/replica_disk.hpp"
#include "agent/secondary/files/staging.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/disk/last_directory.hpp"
#include "storage/state/secondary_index.hpp"

namespace farshore::secondary {

// Invariants: every step can be done again after a crash at any point, in the order apply_files,
// apply_removals, sync, settle; between files and settle the index is as it was before the cut.
// Not thread-safe; root and index belong to the caller and outlive it.
class TreeApplier {
  public:
    // `retention`: keeps what the replica loses; null: nothing is kept.
    TreeApplier(storage::FileSystem& files, const storage::Handle& root, Staging& staging,
                storage::SecondaryIndex& index, const SourceName& tree,
                Retention* retention = nullptr);

    // Directories, contents, links and metadata; nothing is removed but what is in the way of
    // another type. Throws replica_altered when a content that was received is nowhere any more.
    void apply_files(CutNumber cut);
    // The cut's tombstones, deepest first; only what the index knows.
    void apply_removals(CutNumber cut);
    // When it returns all of that is durable.
    void sync();
    // The cut's entries become the index (call SecondaryState::commit_applied() after the last
    // tree).
    void settle(CutNumber cut);

    [[nodiscard]] const SourceName& tree() const { return tree_; }
    // Of the cut that was begun last with apply_files().
    [[nodiscard]] const ApplyReport& report() const { return report_; }

  private:
    using Before = std::optional<storage::IndexedEntry>;

    void apply_entry(const FileEntry& entry, const Before& before);
    void apply_file(const FileEntry& entry, const Before& before);
    [[nodiscard]] bool apply_in_place(const FileEntry& entry, const Before& known);
    void apply_link(const FileEntry& entry, const std::string& leader);
    [[nodiscard]] bool is_needed_after(const FileEntry& entry);
    [[nodiscard]] bool apply_staged(const FileEntry& entry);
    [[nodiscard]] bool apply_found(const FileEntry& entry);
    void place_copy(const FileEntry& entry, const std::string& name);
    void apply_symlink(const FileEntry& entry);
    void apply_node(const FileEntry& entry);
    [[nodiscard]] std::optional<storage::FileStatus> status_of(const std::string& path);
    [[nodiscard]] std::optional<storage::FileStatus> status_in(storage::LastDirectory& places,
                                                               const std::string& path);
    void finish_directories();

    storage::FileSystem& files_;
    const storage::Handle& root_;
    Staging& staging_;
    storage::SecondaryIndex& index_;
    const SourceName tree_;
    Retention* const retention_;
    LinkGroups groups_;
    ReplicaDisk disk_;
    CutNumber cut_;
    bool has_directories_ = false;  // in the cut
    bool has_removals_ = false;
    ApplyReport report_;
};

}  // namespace farshore::secondary
