#pragma once
// A listing against a disk: every path, every attribute, the SHA-256 of every file.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "agent/verification/disk_walk.hpp"
#include "agent/verification/report.hpp"
#include "protocol/file_entry.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::verification {

// Usage: expect() for each entry of the listing in the order of the paths' bytes, then finish().
// Works on either side; the tree should stand still meanwhile, or the caller looks again at what
// differs. Reads one file at a time, in bounded memory but for the names of hard links.
class TreeCheck {
  public:
    using OnFinding = std::function<void(Finding)>;
    // `root` is held open by the caller. `is_left_out`: paths of the disk that are no entries of
    // the tree (excluded on the primary); may be empty.
    TreeCheck(storage::FileSystem& files, const storage::Handle& root, const SourceName& tree,
              DiskWalk::IsLeftOut is_left_out, OnFinding on_finding);

    // The entry belongs on the disk (never type deleted).
    void expect(const FileEntry& entry);
    // The path has changed since the listing: whatever is there is right.
    void ignore(const std::string& path);
    // Everything else on the disk is too much.
    void finish();

    [[nodiscard]] std::uint64_t paths() const { return paths_; }  // that were expected
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // that were read

  private:
    [[nodiscard]] bool reach(const std::string& path);
    void compare(const FileEntry& entry, const storage::FileStatus& status);
    void compare_content(const FileEntry& entry, const storage::FileStatus& status);
    void compare_link(const FileEntry& entry, const storage::FileStatus& status);
    void differs(std::string_view attribute, const std::string& expected, const std::string& found);
    void add(FindingKind kind, const std::string& path, std::string expected, std::string found);

    storage::FileSystem& files_;
    const storage::Handle& root_;
    const SourceName tree_;
    OnFinding on_finding_;
    DiskWalk walk_;
    std::optional<std::string> on_disk_;  // the walk's current path
    std::string last_;                    // expected or ignored
    // Names of one inode: which group the listing says it is (for one without, its path behind a
    // zero byte), and the other way round.
    std::map<std::uint64_t, std::string> group_of_inode_;
    std::map<std::string, std::uint64_t> inode_of_group_;
    // Of the entry that is being compared.
    std::string expected_;
    std::string found_;
    std::uint64_t paths_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace farshore::verification
