#pragma once
// One path of a tree, as the evidence and the wire have it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore {

// The numbers are on the wire and in the state database: append only.
enum class EntryType : std::uint8_t {
    file = 1,
    directory = 2,
    symlink = 3,
    fifo = 4,
    socket = 5,
    device = 6,
    deleted = 7,  // a tombstone: path and mark only
};

struct DeviceNumber {
    bool block = false;  // else character
    std::uint32_t major = 0;
    std::uint32_t minor = 0;

    auto operator<=>(const DeviceNumber&) const = default;
};

// Invariants: path is "." (the root) or relative, without empty, "." or ".." components, and never
// below ".farshore"; sha256 is set exactly for files; target exactly for symlinks.
struct FileEntry {
    std::string path;  // any bytes but NUL, components separated by '/'
    EntryType type = EntryType::file;
    MarkNumber mark;         // the mark in which this state first appeared
    std::uint32_t mode = 0;  // the 12 permission bits; 0 for symlinks
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    FileTime mtime;
    std::uint64_t size = 0;  // bytes, files only
    std::optional<Digest> sha256;
    std::string target;
    DeviceNumber device;
    std::string link;  // equal within a group of hard links; empty for a single name
    std::map<std::string, std::string> xattrs;

    bool operator==(const FileEntry&) const = default;
};

// True for a path as FileEntry has it. What comes from the wire is asked here before anything else.
[[nodiscard]] bool is_safe_path(std::string_view path);
// A message's field; throws Error(unsafe_path) for any other.
[[nodiscard]] std::string read_safe_path(ByteReader& in);
// The directory that holds `path`: "." for a path without '/'. `path` is not ".".
[[nodiscard]] std::string_view parent_path(std::string_view path);

// Binary form, for the wire (WIRE.md) and the state database. decode throws Error(malformed) or
// Error(unsafe_path).
void encode(const FileEntry& entry, ByteWriter& out);
[[nodiscard]] FileEntry decode_file_entry(ByteReader& in);

// One line of a change list or checkpoint (MARKS.md), RFC 8785, without the newline.
[[nodiscard]] std::string to_json_line(const FileEntry& entry);
// Strict: unknown or duplicate members, wrong types, unsafe paths are Error(malformed).
[[nodiscard]] Result<FileEntry> parse_json_line(std::string_view line);
// The SHA-256 of the entry's object without "mark": its share of a tree's digest.
[[nodiscard]] Digest entry_digest(const FileEntry& entry);

}  // namespace farshore
