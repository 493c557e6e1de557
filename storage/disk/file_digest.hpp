#pragma once
// Reading a whole file for its SHA-256, and copying one on the way.

#include "protocol/digest.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::storage {

struct FileDigest {
    Digest sha256;
    std::uint64_t size = 0;  // bytes that were read
};

[[nodiscard]] FileDigest digest_of(FileSystem& files, const Handle& file);
// `to` is a new, empty file. Blocks of zeros stay holes.
FileDigest copy_content(FileSystem& files, const Handle& from, const Handle& to);
// Writes at `offset`, leaving holes where `from` has blocks of the file that are zeros. The file's
// size is the caller's matter: a hole at its end is not there until it is truncated to it.
void write_with_holes(FileSystem& files, const Handle& to, std::uint64_t offset,
                      std::span<const std::byte> from);

}  // namespace farshore::storage
