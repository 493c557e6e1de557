#pragma once
// ROOT/.farshore/marker.json: this directory is the root of that tree. Both sides have one; a root
// without the right marker is not the tree (unmounted, swapped, restored from elsewhere).

#include <optional>
#include <string>

#include "protocol/identifiers.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::storage {

struct TreeMarker {
    enum class Role : std::uint8_t { primary, secondary };

    StreamName stream;
    SourceName tree;
    Role role = Role::primary;
    std::string id;  // 32 lower-case hex digits, drawn at random when the marker is made

    bool operator==(const TreeMarker&) const = default;
};

// {"farshore": 1, "stream": …, "tree": …, "role": "primary" or "secondary", "id": …}
[[nodiscard]] std::string to_json(const TreeMarker& marker);
// Strict; Error(bad_version) for a marker of a later build.
[[nodiscard]] Result<TreeMarker> parse_marker(std::string_view json);

// nullopt when there is none; throws state_damaged when it can't be understood.
[[nodiscard]] std::optional<TreeMarker> read_marker(FileSystem& files, const Handle& root);
// Durable when it returns. Makes .farshore if need be; the root's own times stay as they were.
void write_marker(FileSystem& files, const Handle& root, const TreeMarker& marker);
// For whoever has to decide: how a root that has lost this marker gets it back, if it is the one.
[[nodiscard]] std::string how_to_put_back(const TreeMarker& marker);
// Makes .farshore if need be (mode 0700); the root's own times stay as they were.
void make_our_directory(FileSystem& files, const Handle& root);

}  // namespace farshore::storage
