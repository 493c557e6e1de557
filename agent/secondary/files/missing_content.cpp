#include "agent/secondary/files/missing_content.hpp"

#include <set>

#include "agent/secondary/files/replica_disk.hpp"
#include "protocol/limits.hpp"

namespace farshore::secondary {

MissingContent::MissingContent(storage::FileSystem& files, const storage::Handle& root,
                               Staging& staging, storage::SecondaryIndex& index,
                               const SourceName& tree)
    : files_(files),
      root_(root),
      staging_(staging),
      index_(index),
      groups_(files, root, index, tree),
      tree_(tree) {}

std::uint64_t MissingContent::find(CutNumber cut, const Want& want) {
    std::set<Digest> wanted;
    std::vector<WantedContent> batch;
    index_.walk_incoming(
        cut, tree_, storage::SecondaryIndex::Order::ascending, [&](const FileEntry& entry) {
            if (entry.type != EntryType::file || wanted.contains(entry.sha256.value()) ||
                is_here(cut, entry)) {
                return;
            }
            wanted.insert(*entry.sha256);
            batch.push_back({tree_, entry.path, *entry.sha256, entry.size, has_some_of(entry)});
            if (batch.size() == limits::wanted_items) {
                want(std::move(batch));
                batch.clear();
            }
        });
    if (!batch.empty()) {
        want(std::move(batch));
    }
    return wanted.size();
}

bool MissingContent::has_some_of(const FileEntry& entry) {
    if (entry.size <= limits::small_file || !staging_.trusts_recipe(*entry.sha256)) {
        return false;
    }
    const auto known = index_.find(tree_, entry.path);
    return staging_.begun().has(farshore::sha256(entry.path)) ||
           (known && known->entry.type == EntryType::file &&
            known->entry.size > limits::small_file);
}

bool MissingContent::is_here(CutNumber cut, const FileEntry& entry) {
    if (is_empty_content(*entry.sha256) || staging_.has(*entry.sha256)) {
        return true;
    }
    // The first of a group brings the content for all.
    const auto first =
        entry.link.empty() ? std::nullopt : index_.first_incoming_of_link(cut, tree_, entry.link);
    if (first && first->path < entry.path && is_same_inode(*first, entry)) {
        return true;
    }
    return is_in_place(cut, entry) || stage_from_replica(cut, entry);
}

// Only its metadata changes. Asked in this order, because earlier cuts are being applied meanwhile:
// when none of them has the path, what the index says of it stands until this cut's turn.
bool MissingContent::is_in_place(CutNumber cut, const FileEntry& entry) {
    if (index_.is_incoming_before(cut, tree_, entry.path)) {
        return false;
    }
    const auto known = index_.find(tree_, entry.path);
    return known && known->entry.sha256 == entry.sha256 &&
           groups_.can_stay(cut, known->entry, entry) && is_intact(files_, root_, *known);
}

// Whether the two may be one inode until the cut is applied.
bool MissingContent::is_leaving(CutNumber cut, const FileEntry& holder, const FileEntry& entry) {
    if (holder.link != entry.link || index_.is_incoming_before(cut, tree_, holder.path)) {
        return false;
    }
    const auto next = index_.find_incoming(cut, tree_, holder.path);
    return next && next->type == EntryType::deleted;
}

bool MissingContent::stage_from_replica(CutNumber cut, const FileEntry& entry) {
    const Digest& sha256 = *entry.sha256;
    if (const auto leader = groups_.standing_leader(cut, entry)) {
        return staging_.stage_link(*leader, sha256);
    }
    const auto holders = index_.find_by_sha256(tree_, sha256);
    for (const auto& holder : holders) {
        if (is_leaving(cut, holder.entry, entry) && is_intact(files_, root_, holder) &&
            staging_.stage_link(holder.entry.path, sha256)) {
            return true;
        }
    }
    for (const auto& holder : holders) {
        if (staging_.stage_copy(holder.entry.path, sha256)) {
            return true;
        }
    }
    return false;
}

}  // namespace farshore::secondary
