#include "agent/secondary/files/link_groups.hpp"

#include "agent/secondary/files/replica_disk.hpp"

namespace farshore::secondary {

std::optional<std::string> LinkGroups::standing_leader(CutNumber cut, const FileEntry& entry) {
    if (entry.link.empty()) {
        return std::nullopt;
    }
    for (const auto& member : index_.find_link_group(tree_, entry.link)) {
        const std::string& path = member.entry.path;
        if (path != entry.path && is_same_inode(member.entry, entry) &&
            !index_.is_incoming_before(cut, tree_, path) &&
            !index_.find_incoming(cut, tree_, path) && is_intact(files_, root_, member)) {
            return path;
        }
    }
    return std::nullopt;
}

std::optional<std::string> LinkGroups::leader(CutNumber cut, const FileEntry& entry) {
    if (entry.link.empty()) {
        return std::nullopt;
    }
    const auto first = index_.first_incoming_of_link(cut, tree_, entry.link);
    if (first && first->path < entry.path && is_same_inode(*first, entry)) {
        return first->path;
    }
    return standing_leader(cut, entry);
}

bool LinkGroups::can_stay(CutNumber cut, const FileEntry& before, const FileEntry& after) {
    if (before.link == after.link) {
        return true;
    }
    if (before.link.empty()) {
        return true;  // it was alone
    }
    for (const auto& member : index_.find_link_group(tree_, before.link)) {
        if (member.entry.path == after.path) {
            continue;
        }
        const auto next = index_.find_incoming(cut, tree_, member.entry.path);
        const bool stays_apart = next && next->sha256 != after.sha256;  // removed ones have none
        const bool stays_together = next && !after.link.empty() && next->link == after.link;
        if (!stays_apart && !stays_together) {
            return false;
        }
    }
    return true;
}

}  // namespace farshore::secondary
