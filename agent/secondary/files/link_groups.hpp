#pragma once
// Which names of a tree are one file, before and after a cut.

#include <optional>
#include <string>

#include "protocol/file_entry.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/state/secondary_index.hpp"

namespace farshore::secondary {

class LinkGroups {
  public:
    LinkGroups(storage::FileSystem& files, const storage::Handle& root,
               storage::SecondaryIndex& index, const SourceName& tree)
        : files_(files), root_(root), index_(index), tree_(tree) {}

    // A path that is or will be on the disk when `entry`'s turn comes, and of which `entry` is to
    // become another name: an intact one that the cut leaves alone, or the first of its group in
    // the cut. nullopt: `entry` needs the content itself.
    [[nodiscard]] std::optional<std::string> leader(CutNumber cut, const FileEntry& entry);
    // The same, among those only that the cut leaves alone.
    [[nodiscard]] std::optional<std::string> standing_leader(CutNumber cut, const FileEntry& entry);
    // `before` is what the index has at the path of `after`, with the same content: whether the
    // file on the disk can stay and only get other metadata. False when other names share it that
    // will not be in its group.
    [[nodiscard]] bool can_stay(CutNumber cut, const FileEntry& before, const FileEntry& after);

  private:
    storage::FileSystem& files_;
    const storage::Handle& root_;
    storage::SecondaryIndex& index_;
    const SourceName tree_;
};

}  // namespace farshore::secondary
