#pragma once
// Which files of a tree have names that a full scan did not come by: names outside of it, through
// which somebody may write without an event in any of its directories.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/disk/file_system.hpp"

namespace farshore::primary {

// Invariants: at most `most` files are counted at a time, each until all of its names have come.
// A name that moves during the scan may come twice or not at all. Not thread-safe.
class LinkCensus {
  public:
    explicit LinkCensus(std::size_t most) : most_(most) {}

    void begin();
    // A name that the scan came by.
    void see(const std::string& path, const storage::FileStatus& status);
    // One name of each file whose other names did not all come.
    [[nodiscard]] std::vector<std::string> with_other_names() const;
    // More files than could be counted: of those nobody knows.
    [[nodiscard]] bool is_overrun() const { return overrun_; }

  private:
    struct Seen {
        std::uint64_t names = 0;
        std::string path;
    };

    std::size_t most_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, Seen> files_;  // by filesystem and inode
    bool overrun_ = false;
};

}  // namespace farshore::primary
