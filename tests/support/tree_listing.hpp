#pragma once
// A directory on the disk as the entries that a primary would tell of it, sorted by path.

#include <string>
#include <vector>

#include "protocol/file_entry.hpp"

namespace farshore::test {

// Everything but .farshore, the root as "."; names of one inode have its number as their link.
[[nodiscard]] std::vector<FileEntry> listing_of(const std::string& root);

// What has to be told for `after` when `before` is known: changed entries and tombstones, sorted.
[[nodiscard]] std::vector<FileEntry> changes_between(const std::vector<FileEntry>& before,
                                                     const std::vector<FileEntry>& after);

}  // namespace farshore::test
