#pragma once
// Extended attributes of a thing held by an O_PATH handle. For posix_file_system.cpp alone.

#include <map>
#include <string>
#include <string_view>

#include "storage/disk/file_system.hpp"

namespace farshore::storage {

using Xattrs = std::map<std::string, std::string>;

// Those that belong to the file and not to its host. `path` is for messages.
[[nodiscard]] Xattrs xattrs_of(const Handle& thing, std::string_view path);
// Makes them exactly these; false when one of them was refused.
[[nodiscard]] bool replace_xattrs(const Handle& thing, std::string_view path, const Xattrs& xattrs);

}  // namespace farshore::storage
