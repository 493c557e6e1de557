#pragma once
// File -> Config, or an Error(bad_config) that names file, line and key.

#include <string>
#include <string_view>

#include "agent/config/config.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::config {

// `file`: its absolute path; what is relative in it is relative to its folder. Touches no disk.
[[nodiscard]] Config parse(std::string_view text, const std::string& file);

// Reads and parses `file`, and checks that both keys are there and readable by nobody else
// (Error(bad_key)).
[[nodiscard]] Config load(storage::FileSystem& files, const std::string& file);

// Throws Error(bad_key) unless `path` is a regular file that this user can read, and that is
// either this user's with no right for others, or root's and at most its group may read it.
void check_key_file(storage::FileSystem& files, const std::string& path);

// The content of one of our small files (config, certificate, trust file); at most 1 MiB.
[[nodiscard]] std::string read_small_file(storage::FileSystem& files, const std::string& path);

}  // namespace farshore::config
