#pragma once
// The beginnings of large contents whose transfer was interrupted, in staging, by the path they are
// for: also those of an earlier process. They save sending, and are never believed.

#include <deque>
#include <mutex>
#include <set>
#include <vector>

#include "protocol/digest.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::secondary {

// Invariants: a beginning is claimed by one transfer at a time; at most limits::begun_contents are
// kept that nobody has claimed, the oldest go first. Thread-safe. A path is named by its SHA-256.
class BegunContents {
  public:
    BegunContents(storage::FileSystem& files, const storage::Handle& root)
        : files_(files), root_(root) {}

    // At start: there is one.
    void found(const Digest& path);

    // For a transfer, to write to tree_paths::begun(path); false when another has it. What is there
    // stays only when it is to `go_on`.
    [[nodiscard]] bool claim(const Digest& path, bool go_on);
    // The transfer was interrupted.
    void keep(const Digest& path);
    // What the transfer made is no use.
    void drop(const Digest& path);
    // It was whole, and has another name by now.
    void taken(const Digest& path);

    [[nodiscard]] bool has(const Digest& path) const;
    [[nodiscard]] std::vector<Digest> idle() const;
    // Makes room; true when there was something to remove.
    bool drop_idle();

  private:
    void remove(const Digest& path);

    storage::FileSystem& files_;
    const storage::Handle& root_;
    mutable std::mutex mutex_;
    std::set<Digest> claimed_;
    std::deque<Digest> idle_;  // oldest first
};

}  // namespace farshore::secondary
