#pragma once
// The directory that was asked for last, held open: a tree is looked at and written in the order of
// its paths, so most calls for a path need only its last component.

#include <string>
#include <string_view>

#include "storage/disk/file_system.hpp"

namespace farshore::storage {

// Invariants: a directory is held for `most_uses` calls at most, so what somebody moves away
// meanwhile is not written to for long. Not thread-safe.
class LastDirectory {
  public:
    explicit LastDirectory(FileSystem& files) : files_(files) {}
    LastDirectory(FileSystem& files, const Handle& root) : files_(files), root_(&root) {}

    struct Place {
        const Handle& directory;
        std::string_view name;  // of the path that was asked for
    };
    // Where `path` (not "." alone; then the root itself) lies. Good until the next call. Throws
    // what open_directory() does.
    [[nodiscard]] Place of(std::string_view path);
    // Directories were moved, removed or made.
    void forget() { uses_ = 0; }
    // Another root from now on.
    void set_root(const Handle& root) {
        root_ = &root;
        forget();
    }

  private:
    static constexpr int most_uses = 64;

    FileSystem& files_;
    const Handle* root_ = nullptr;
    std::string path_;
    Handle handle_;
    int uses_ = 0;  // that are left
};

}  // namespace farshore::storage
