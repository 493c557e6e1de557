#pragma once
// Is the directory at the tree's path still the tree's root?

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/runtime/random.hpp"
#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

// The root bears a marker (ROOT/.farshore/marker.json), and its filesystem and inode are
// remembered. A volume that was unmounted, an empty mount over it, a directory put in its place, a
// copy of it, or a symbolic link are not the root: nothing is read there and nothing deleted.
//
// The root is opened for each look and let go again: nobody is kept from unmounting it.
// Invariants: what is remembered changes only in recognise(). open() is for any thread.
class RootGuard {
  public:
    RootGuard(storage::FileSystem& files, StreamName stream, SourceName tree, std::string path);

    // Once at each start, before open(): marks the root when the tree has never had one, else
    // takes the numbers that its device has since the last boot. Throws root_changed, or not_found
    // when there is no such directory and never was.
    void recognise(storage::PrimaryState& state, runtime::Random& random);
    [[nodiscard]] bool is_recognised() const { return recognised_; }
    // The root, checked, or root_changed.
    [[nodiscard]] Result<storage::Handle> open() const;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::uint64_t filesystem() const { return filesystem_; }

  private:
    [[nodiscard]] Error changed(const std::string& reason) const;
    void check_marker(const storage::Handle& root, const std::string& id) const;
    [[nodiscard]] std::string make_or_adopt_marker(const storage::Handle& root,
                                                   runtime::Random& random) const;

    storage::FileSystem& files_;
    StreamName stream_;
    SourceName tree_;
    std::string path_;
    std::atomic<bool> recognised_{false};
    std::string marker_id_;
    std::uint64_t filesystem_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace farshore::primary
