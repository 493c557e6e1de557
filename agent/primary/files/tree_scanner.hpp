#pragma once
// A full scan of a tree, in steps: every name on the disk and every name in the index comes by.

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/primary/files/exclude_patterns.hpp"
#include "agent/primary/files/uncovered_paths.hpp"
#include "agent/primary/files/watcher.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

// Watches a directory (again), then lists it. What can't be watched or read is noted. nullopt: it
// is not there, or could not be read.
class DirectoryVisitor {
  public:
    DirectoryVisitor(storage::FileSystem& files, Watcher& watcher, UncoveredPaths& uncovered,
                     const ExcludePatterns& excluded)
        : files_(files), watcher_(watcher), uncovered_(uncovered), excluded_(excluded) {}

    struct Child {
        std::string path;
        bool is_directory = false;
    };
    // The children in the order of their names' bytes, without ours and what is excluded.
    [[nodiscard]] std::optional<std::vector<Child>> visit(const storage::Handle& root,
                                                          const std::string& directory);

    // The file itself, with all of its names. False when nobody will tell of it.
    [[nodiscard]] bool watch_file(const storage::Handle& root, const std::string& path);

  private:
    void watch(const std::string& directory, const storage::Handle& handle);
    [[nodiscard]] bool is_directory(const storage::Handle& handle,
                                    const storage::DirectoryItem& item) const;

    storage::FileSystem& files_;
    Watcher& watcher_;
    UncoveredPaths& uncovered_;
    const ExcludePatterns& excluded_;
};

// Invariants: a directory is watched before it is listed, so nothing that happens in between is
// missed; each path comes after the directory that holds it. Memory: the listings of the
// directories on the way from the root to where it is.
class TreeScanner {
  public:
    TreeScanner(DirectoryVisitor& visitor, storage::PrimaryState& state, SourceName tree)
        : visitor_(visitor), state_(state), tree_(std::move(tree)) {}

    void begin();
    void give_up() { levels_.clear(); }
    [[nodiscard]] bool is_running() const { return !levels_.empty(); }
    struct Found {
        std::string path;
        // What the index has of it, where that is known: unchanged, it need not be looked at.
        std::optional<storage::StatIdentity> indexed;
    };
    // The next path to look at; paths of the index that are not on the disk come too. nullopt: the
    // scan is over.
    [[nodiscard]] std::optional<Found> next(const storage::Handle& root);
    // The index may have changed since the last call of next().
    void refresh();

  private:
    struct Level {
        explicit Level(std::string path) : directory(std::move(path)) {}
        std::string directory;
        bool visited = false;
        bool readable = false;
        std::vector<DirectoryVisitor::Child> children;
        std::size_t next_child = 0;
        std::deque<Found> indexed;  // children by the index, some at a time, in the same order
        std::string indexed_up_to;
        bool indexed_all = false;
        std::string given;  // the last child that was handed out
    };

    void visit(Level& level, const storage::Handle& root);
    // Where listing and index are, the lesser of the two; nullopt: both are at their end.
    [[nodiscard]] std::optional<Found> next_of(Level& level, bool& is_directory);
    void fetch_indexed(Level& level);

    DirectoryVisitor& visitor_;
    storage::PrimaryState& state_;
    SourceName tree_;
    std::vector<Level> levels_;
};

}  // namespace farshore::primary
