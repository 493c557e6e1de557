#pragma once
// Everything beneath a root, in the order of the bytes of the whole path: the order of listings.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/disk/file_system.hpp"

namespace farshore::verification {

// Invariants: paths rise; a path comes at most once; at any time the names of the directories on
// the way to the current one are in memory, no more. What comes and goes meanwhile may or may not
// be seen.
class DiskWalk {
  public:
    // Paths that `is_left_out` names are not entered and not shown. .farshore never is.
    using IsLeftOut = std::function<bool(std::string_view path)>;
    DiskWalk(storage::FileSystem& files, const storage::Handle& root, IsLeftOut is_left_out);

    // The next path, "." for the root itself.
    [[nodiscard]] std::optional<std::string> next();

  private:
    // A directory comes as itself under its name, and as what is in it under its name and a slash:
    // "a" < "a-b" < "a/b".
    struct Step {
        std::string key;
        bool is_inside = false;
    };
    struct Level {
        std::string prefix;  // "" or "dir/"
        std::vector<Step> steps;
        std::size_t position = 0;
    };
    void enter(const std::string& path, const std::string& prefix);

    storage::FileSystem& files_;
    const storage::Handle& root_;
    IsLeftOut is_left_out_;
    std::vector<Level> levels_;
};

}  // namespace farshore::verification
