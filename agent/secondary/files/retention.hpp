#pragma once
// Keeps for a while what a replica loses: deleted files, and replaced ones where that is wanted, in
// ROOT/.farshore/retained on the replica's own filesystem, so that keeping costs a rename.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "protocol/time.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/state/secondary_index.hpp"

namespace farshore::secondary {

struct RetentionSettings {
    Duration keep_deleted;  // 0: nothing is kept
    bool keep_replaced = false;
    std::uint64_t limit_bytes = 0;  // of contents
};

// Invariants: a name in the retention folder is of one removal for good, so that each step can be
// done again after a crash; an entry of it is in the state exactly when the removal is settled.
// What is kept is a file that nothing in the tree is another name of; of everything else its entry
// tells enough to make it again. Not thread-safe; root and index outlive it.
class Retention {
  public:
    Retention(storage::FileSystem& files, const storage::Handle& root,
              storage::SecondaryIndex& index, SourceName tree, const RetentionSettings& settings)
        : files_(files), root_(root), index_(index), tree_(std::move(tree)), settings_(settings) {}

    // What follows belongs to this cut.
    void begin(Epoch epoch, CutNumber cut, Timestamp now);

    // --- while a cut is applied
    // `known` is on the disk as `status`, and is to go. False: nothing was done, remove it.
    [[nodiscard]] bool take_removed(const storage::IndexedEntry& known,
                                    const storage::FileStatus& status);
    // `known` is about to be replaced by a rename: it gets one more name, where it is to be kept.
    void keep_replaced(const storage::IndexedEntry& known);
    // What there is to remember of the entry that `incoming` takes the place of.
    [[nodiscard]] std::optional<storage::Retained> settled(const FileEntry& incoming);

    // --- between cuts
    // Removes what is older than keep_deleted, and the oldest above the limit.
    void prune(Timestamp now);
    // The disk is full: removes the oldest until so much of it is gone, or all. What was freed.
    std::uint64_t give_way(std::uint64_t bytes);

  private:
    [[nodiscard]] bool is_on() const {
        return settings_.keep_deleted.nanoseconds > 0 && settings_.limit_bytes > 0;
    }
    [[nodiscard]] bool is_wanted(const FileEntry& entry) const;
    [[nodiscard]] bool stays_in_tree(const FileEntry& entry, const storage::FileStatus& status);
    [[nodiscard]] std::string name_of(const std::string& path) const;
    [[nodiscard]] bool is_there(const std::string& name) const;
    void make_folder();
    void remove_while(const std::function<bool(const storage::RetainedEntry&)>& goes);

    storage::FileSystem& files_;
    const storage::Handle& root_;
    storage::SecondaryIndex& index_;
    const SourceName tree_;
    const RetentionSettings settings_;
    Epoch epoch_;
    CutNumber cut_;
    Timestamp now_;
    bool has_folder_ = false;
};

}  // namespace farshore::secondary
