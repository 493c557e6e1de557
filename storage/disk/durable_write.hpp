#pragma once
// The one way to put a small file of ours in place, and to find what an interrupted one left.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/disk/file_system.hpp"

namespace farshore::storage {

// When this returns, `name` in `directory` has `content` and survives a power cut; when it does
// not, the file is as before, or (after sync_failed) the process must leave. `name` is one
// component. One writer at a time for each name.
void write_durably(FileSystem& files, const Handle& directory, const std::string& name,
                   std::string_view content, std::uint32_t mode);

// The whole of a file of ours; too_large above `limit_bytes`.
[[nodiscard]] std::string read_whole(FileSystem& files, const Handle& at, std::string_view path,
                                     std::size_t limit_bytes);

// Removes what interrupted writes left in `directory`; returns the names.
std::vector<std::string> remove_leftovers(FileSystem& files, const Handle& directory);

}  // namespace farshore::storage
