#pragma once
// ObjectStore on a local directory, through the one door to the disk.
//
// Invariants:
// - An object's name appears only when its bytes are whole and synced: it is linked into place,
//   never written in place, and a link never replaces what is there.
// - When create() returns, the object's name is synced in its directory, and so is every directory
//   above it up to the root.
// - Several agents may share one directory, also over NFS. An interrupted create() leaves at most
//   an unfinished file, known by its name and never listed. It stays: nobody can tell it from one
//   that another agent is just writing.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "storage/disk/file_system.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::storage {

class DirectoryStore final : public ObjectStore {
  public:
    // path: absolute. Its parent must exist; the directory itself is made by check() or the first
    // create().
    DirectoryStore(FileSystem& file_system, std::string path);

    [[nodiscard]] PutOutcome create(const std::string& key, std::string_view bytes) override;
    [[nodiscard]] Result<std::string> get(const std::string& key, std::size_t limit_bytes) override;
    // A root that does not exist is store_refused, not an empty listing.
    [[nodiscard]] std::vector<std::string> list(const std::string& prefix) override;
    [[nodiscard]] std::vector<StoredObject> list_stored(const std::string& prefix) override;
    void check() override;
    [[nodiscard]] std::string name() const override;

  private:
    [[nodiscard]] bool is_there() const;
    [[nodiscard]] Handle open_root() const;
    [[nodiscard]] Handle make_root() const;
    [[nodiscard]] bool is_synced(std::string_view parents);
    [[nodiscard]] Handle make_parents(const Handle& root, std::string_view parents);
    [[nodiscard]] std::string write_unfinished(const Handle& directory, std::string_view bytes);
    [[nodiscard]] PutOutcome compare(const Handle& directory, std::string_view name,
                                     std::string_view bytes) const;
    void list_below(const Handle& directory, const std::string& path, std::string_view prefix,
                    std::vector<StoredObject>& found) const;

    FileSystem& file_system_;
    std::string path_;
    std::atomic<std::uint64_t> attempts_ = 0;
    std::mutex mutex_;
    std::set<std::string, std::less<>> synced_;  // directories that are known to last
};

}  // namespace farshore::storage
