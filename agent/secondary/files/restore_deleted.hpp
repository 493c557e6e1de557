#pragma once
// Gives back what a replica's retention folder has: into another directory, never into the tree.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/disk/file_system.hpp"
#include "storage/state/secondary_index.hpp"

namespace farshore::secondary {

// One path that was given back, or could not be.
struct GivenBack {
    storage::RetainedEntry kept;
    std::string problem;  // empty: it is there, with what could be kept of its metadata
};

// Invariants: nothing of the replica is changed; nothing that is in the target is written over; a
// file is there only with the content that it had.
class RestoreDeleted {
  public:
    // `root`: of the replica. `target`: an open directory outside of it.
    RestoreDeleted(storage::FileSystem& files, const storage::Handle& root,
                   storage::SecondaryIndex& index, SourceName tree, const storage::Handle& target)
        : files_(files), root_(root), index_(index), tree_(std::move(tree)), target_(target) {}

    using Visitor = std::function<void(const GivenBack&)>;
    // Of `path` ("." for all) and of everything below it the newest version that was retained at
    // `until` or before, as `name` in the target and below it. Durable when it returns.
    void run(std::string_view path, Timestamp until, const std::string& name, const Visitor& visit);

  private:
    void give_back(const FileEntry& entry, const storage::Retained& how, const std::string& to);
    void give_back_file(const FileEntry& entry, const storage::Retained& how,
                        const std::string& to);
    [[nodiscard]] bool copy(const std::string& from, const std::string& to, const Digest& sha256);
    void make_parents(const std::string& to);
    void set_metadata(const FileEntry& entry, const std::string& to);

    storage::FileSystem& files_;
    const storage::Handle& root_;
    storage::SecondaryIndex& index_;
    const SourceName tree_;
    const storage::Handle& target_;
    std::vector<std::pair<std::string, FileEntry>> directories_;  // their metadata comes last
};

}  // namespace farshore::secondary
