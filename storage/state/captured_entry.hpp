#pragma once
// An entry of a tree together with what the kernel said of it: how a later look knows whether the
// file has been touched. The primary keeps its index in rows of this form.

#include <cstdint>
#include <string>

#include "protocol/file_entry.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

// Equal identities: the same inode, untouched since (ctime moves with every change that the kernel
// knows of).
struct StatIdentity {
    std::uint64_t filesystem = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::uint64_t links = 0;
    FileTime mtime;
    FileTime ctime;

    bool operator==(const StatIdentity&) const = default;
};

[[nodiscard]] StatIdentity identity_of(const FileStatus& status);

struct CapturedEntry {
    FileEntry entry;
    StatIdentity identity;
    CutNumber cut;  // in which it last changed
};

// The columns of the index, in this order: path, entry, sha256, link, filesystem, inode,
// identity, cut. `first` is the number of the first of them.
void bind_captured_entry(Statement& statement, int first, const CapturedEntry& entry,
                         std::string& entry_bytes, std::string& identity_bytes);
// Reads columns "entry, identity, cut" from `first` on. Throws state_damaged.
[[nodiscard]] CapturedEntry read_captured_entry(const Statement& statement, int first);
// An entry as both sides' tables have it. Throws state_damaged, as read_stat_identity() does.
[[nodiscard]] FileEntry read_entry(std::string_view bytes);
[[nodiscard]] StatIdentity read_stat_identity(std::string_view bytes);
void encode(const StatIdentity& identity, ByteWriter& out);

}  // namespace farshore::storage
