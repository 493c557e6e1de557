#pragma once
// A file on its way into a tree by `farshore put`.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "protocol/digest.hpp"
#include "protocol/time.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::primary {

struct PutTarget {
    std::string path;  // in the tree
    std::uint32_t mode = 0644;
    std::optional<FileTime> mtime = std::nullopt;  // none: when it was written
};

struct PlacedFile {
    std::uint64_t size = 0;
    Digest sha256;
};

// Invariants: until place() has returned, the target is as it was (directories on the way to it
// may have been made); what was written lies under .farshore and is gone with this object.
class PutFile {
  public:
    // `number` makes the temporary name: no two at the same time may share it. Throws unsafe_path
    // for a path that leaves the tree or is ours.
    PutFile(storage::FileSystem& files, storage::Handle root, PutTarget target,
            std::uint64_t number);
    ~PutFile();
    PutFile(const PutFile&) = delete;
    PutFile& operator=(const PutFile&) = delete;

    void write(std::span<const std::byte> content);
    // The file is in place, and survives a power cut, when this returns. Once.
    PlacedFile place();

  private:
    void create(std::uint64_t number);
    void make_directories();

    storage::FileSystem& files_;
    storage::Handle root_;
    PutTarget target_;
    std::string temporary_;
    storage::Handle file_;
    std::uint64_t size_ = 0;
    Sha256 sha256_;
    bool placed_ = false;
};

// What puts have left that were broken off; those under way keep theirs.
void remove_unfinished_puts(storage::FileSystem& files, const storage::Handle& root);

}  // namespace farshore::primary
