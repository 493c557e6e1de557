#pragma once
// Extended attributes of a thing held by an O_PATH handle. For posix_file_system.cpp alone.

#include <map>
#include <string>
#include <string_view>

#include "storage/disk/file_system.hpp"
#include "storage/disk/posix_path.hpp"

namespace farshore::storage {

using Xattrs = std::map<std::string, std::string>;

// True when the thing has none at all; false says nothing.
[[nodiscard]] bool has_none(const Located& place);
// Those that belong to the file and not to its host. `path` is for messages.
[[nodiscard]] Xattrs xattrs_of(const Handle& thing, std::string_view path);
// Makes them exactly these; false when one of them was refused.
[[nodiscard]] bool replace_xattrs(const Handle& thing, std::string_view path, const Xattrs& xattrs);

}  // namespace farshore::storage
