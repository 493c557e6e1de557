#pragma once
// Careful deeds on a replica: what is not ours is never destroyed, links are never followed, and
// each can be done again after a crash.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "agent/secondary/files/apply_report.hpp"
#include "agent/secondary/files/retention.hpp"
#include "protocol/file_entry.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/disk/last_directory.hpp"
#include "storage/state/secondary_index.hpp"

namespace farshore::secondary {

// The digest of no bytes at all: such content is never staged.
[[nodiscard]] bool is_empty_content(const Digest& sha256);
// Whether two entries can be names of one inode.
[[nodiscard]] bool is_same_inode(const FileEntry& a, const FileEntry& b);
// Type, size, owner, mode and mtime.
[[nodiscard]] bool matches_status(const storage::FileStatus& status, const FileEntry& entry);
// Whether the file is still what the index says: by its identity, or else by reading it.
[[nodiscard]] bool is_intact(storage::FileSystem& files, const storage::Handle& root,
                             const storage::IndexedEntry& indexed);
// By reading it. False for what is not a file, or not there.
[[nodiscard]] bool has_content(storage::FileSystem& files, const storage::Handle& root,
                               std::string_view path, const Digest& sha256);

// Invariants: only what the index knows at a path, with the type it says, is removed or replaced;
// anything else is moved to ROOT/.farshore/foreign and named in the report.
class ReplicaDisk {
  public:
    ReplicaDisk(storage::FileSystem& files, const storage::Handle& root,
                storage::SecondaryIndex& index, const SourceName& tree, Retention* retention)
        : files_(files),
          root_(root),
          index_(index),
          tree_(tree),
          retention_(retention),
          staging_(files, root),
          target_(files, root) {}

    // What follows belongs to this cut and is told in this report.
    void begin(CutNumber cut, ApplyReport& report);

    // Owner, mode, xattrs and mtime; what can't be kept is reported under `path`, which is the
    // entry's place while `name` may be a temporary one.
    void set_metadata(const std::string& name, const FileEntry& entry);
    // Whether set_metadata() would change nothing.
    [[nodiscard]] bool has_metadata(const std::string& name, const FileEntry& entry);

    // Renames `name` (not a directory) to `path`, whatever is there or missing above it. `name` is
    // gone afterwards in any case.
    void move_into_place(const std::string& name, const std::string& path);
    // A directory is at `path` when it returns. One that is made is open to us alone until it gets
    // its metadata.
    void make_directory(const FileEntry& entry);
    // A path that the primary removed.
    void remove(const std::string& path);

    // Directories whose metadata must be set again because something in them was touched, besides
    // those of the cut itself; they are forgotten.
    void note_touched(std::string_view path);
    void finish_touched();

  private:
    [[nodiscard]] bool prepare_place(const std::string& path);
    void rename(const std::string& name, const std::string& path);
    void repair_parents(const std::string& path);
    void repair_directory(const std::string& path);
    void clear_directory(const std::string& path);
    void set_aside(const std::string& path, const std::string& why);
    void remove_directory(const std::string& path);
    void remove_known(const storage::IndexedEntry& known, const storage::FileStatus& status);
    void remove_other(const std::string& path, const storage::IndexedEntry& known,
                      const storage::FileStatus& status);
    [[nodiscard]] std::optional<storage::FileStatus> status_of(const std::string& path);
    [[nodiscard]] bool is_being_placed(const std::string& path, const storage::FileStatus& status);

    storage::FileSystem& files_;
    const storage::Handle& root_;
    storage::SecondaryIndex& index_;
    const SourceName tree_;
    Retention* const retention_;  // null: nothing is kept
    // Where things are moved from, and to: forgotten when a directory is moved or removed.
    storage::LastDirectory staging_;
    storage::LastDirectory target_;
    CutNumber cut_;
    ApplyReport* report_ = nullptr;
    std::set<std::string, std::greater<>> touched_;
    std::string last_touched_;
    std::uint64_t next_aside_ = 0;
};

}  // namespace farshore::secondary
