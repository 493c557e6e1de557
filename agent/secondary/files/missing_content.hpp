#pragma once
// What a cut needs and this host has nowhere.

#include <functional>
#include <vector>

#include "agent/secondary/files/link_groups.hpp"
#include "agent/secondary/files/staging.hpp"
#include "protocol/message_cut.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/state/secondary_index.hpp"

namespace farshore::secondary {

// Goes through the files of a cut that is told; what the replica itself has is staged from there
// (linked for renames and hard links, else copied and hashed), so that afterwards the cut depends
// on staging alone, and on files that it leaves where they are.
class MissingContent {
  public:
    MissingContent(storage::FileSystem& files, const storage::Handle& root, Staging& staging,
                   storage::SecondaryIndex& index, const SourceName& tree);

    using Want = std::function<void(std::vector<WantedContent>)>;
    // Calls `want` with what must come from the primary, in batches of limits::wanted_items at
    // most; each content once. Returns how many. 0: everything is here. Can be called again for the
    // same cut, when more has come. All of the cut's entries must be in the index.
    std::uint64_t find(CutNumber cut, const Want& want);

  private:
    [[nodiscard]] bool is_here(CutNumber cut, const FileEntry& entry);
    [[nodiscard]] bool is_in_place(CutNumber cut, const FileEntry& entry);
    [[nodiscard]] bool stage_from_replica(CutNumber cut, const FileEntry& entry);
    // Some of it is here, or an older version is.
    [[nodiscard]] bool has_some_of(const FileEntry& entry);
    [[nodiscard]] bool is_leaving(CutNumber cut, const FileEntry& holder, const FileEntry& entry);

    storage::FileSystem& files_;
    const storage::Handle& root_;
    Staging& staging_;
    storage::SecondaryIndex& index_;
    LinkGroups groups_;
    const SourceName tree_;
};

}  // namespace farshore::secondary
