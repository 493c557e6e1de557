#pragma once
// Files that a command makes and never overwrites: all of them, or none.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/disk/file_system.hpp"

namespace farshore::commands {

struct NewFile {
    std::string path;  // absolute
    std::string content;
    std::uint32_t mode = 0600;
};

// Makes the missing folders (`folder_mode` for the last, 0755 above it) and then the files, synced.
// Throws Error(already_exists) before anything is made when one of the files is there; after any
// other Error what had been made is removed again.
void write_new_files(storage::FileSystem& files, const std::vector<NewFile>& wanted,
                     std::uint32_t folder_mode);

}  // namespace farshore::commands
