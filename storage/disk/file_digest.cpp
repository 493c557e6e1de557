#include "storage/disk/file_digest.hpp"

#include <algorithm>
#include <cstring>

#include "protocol/limits.hpp"

namespace farshore::storage {

namespace {

// What most filesystems give a file at once: a hole that is smaller saves nothing.
constexpr std::size_t hole_bytes = 4 * limits::kib;

bool is_zero(std::span<const std::byte> bytes) {
    return bytes.front() == std::byte{0} &&
           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

template <typename Take>
FileDigest read_all(FileSystem& files, const Handle& file, Take take) {
    std::vector<std::byte> buffer(limits::payload_piece);
    Sha256 hash;
    FileDigest result;
    for (std::size_t got = buffer.size(); got == buffer.size();) {
        got = files.read_at(file, result.size, buffer);
        const std::span<const std::byte> piece(buffer.data(), got);
        hash.update(piece);
        take(result.size, piece);
        result.size += got;
    }
    result.sha256 = hash.finish();
    return result;
}

}  // namespace

FileDigest digest_of(FileSystem& files, const Handle& file) {
    return read_all(files, file, [](std::uint64_t, std::span<const std::byte>) {});
}

FileDigest copy_content(FileSystem& files, const Handle& from, const Handle& to) {
    const FileDigest copied =
        read_all(files, from, [&](std::uint64_t offset, std::span<const std::byte> piece) {
            write_with_holes(files, to, offset, piece);
        });
    files.truncate(to, copied.size);
    return copied;
}

void write_with_holes(FileSystem& files, const Handle& to, std::uint64_t offset,
                      std::span<const std::byte> from) {
    std::size_t begin = 0;  // of what is to be written
    const std::size_t first = (hole_bytes - offset % hole_bytes) % hole_bytes;
    for (std::size_t at = first; at + hole_bytes <= from.size(); at += hole_bytes) {
        if (!is_zero(from.subspan(at, hole_bytes))) {
            continue;
        }
        if (at > begin) {
            files.write_at(to, offset + begin, from.subspan(begin, at - begin));
        }
        begin = at + hole_bytes;
    }
    if (begin < from.size()) {
        files.write_at(to, offset + begin, from.subspan(begin));
    }
}

}  // namespace farshore::storage
