#include "agent/secondary/files/retention.hpp"

#include <algorithm>

#include "storage/disk/tree_paths.hpp"

namespace farshore::secondary {

namespace tree_paths = storage::tree_paths;

namespace {

constexpr std::size_t pruned_at_once = 500;

}  // namespace

void Retention::begin(Epoch epoch, CutNumber cut, Timestamp now) {
    epoch_ = epoch;
    cut_ = cut;
    now_ = now;
}

std::string Retention::name_of(const std::string& path) const {
    return tree_paths::retained_name(epoch_.value(), cut_.value(), path);
}

bool Retention::is_there(const std::string& name) const {
    return files_.status(root_, tree_paths::in_retained(name)).has_value();
}

void Retention::make_folder() {
    if (!has_folder_ && !files_.status(root_, tree_paths::retained)) {
        files_.make_directory(root_, tree_paths::retained, 0700);
    }
    has_folder_ = true;
}

// A file larger than all that may be kept would only push the others out.
bool Retention::is_wanted(const FileEntry& entry) const {
    return is_on() && entry.type == EntryType::file && entry.size <= settings_.limit_bytes;
}

// One of a group of hard links, or renamed. (A name that somebody gave it elsewhere is no reason
// to let it go.)
bool Retention::stays_in_tree(const FileEntry& entry, const storage::FileStatus& status) {
    if (!entry.link.empty() || index_.needs(tree_, *entry.sha256)) {
        return true;
    }
    const auto holders = index_.find_by_sha256(tree_, *entry.sha256);
    return std::any_of(holders.begin(), holders.end(), [&](const auto& holder) {
        return holder.entry.path != entry.path && holder.identity.inode == status.inode;
    });
}

bool Retention::take_removed(const storage::IndexedEntry& known,
                             const storage::FileStatus& status) {
    if (!is_wanted(known.entry) || status.type != EntryType::file) {
        return false;
    }
    if (status.links > 1 && stays_in_tree(known.entry, status)) {
        return false;
    }
    make_folder();
    files_.rename(root_, known.entry.path, root_,
                  tree_paths::in_retained(name_of(known.entry.path)));
    return true;
}

void Retention::keep_replaced(const storage::IndexedEntry& known) {
    if (!is_wanted(known.entry) || !known.entry.sha256) {
        return;
    }
    // Of a group of hard links, names that were deleted live on in the content of the others.
    if (!settings_.keep_replaced && !index_.retained().lacks_content(tree_, *known.entry.sha256)) {
        return;
    }
    const std::string name = name_of(known.entry.path);
    make_folder();
    if (!is_there(name)) {
        files_.link(root_, known.entry.path, root_, tree_paths::in_retained(name));
    }
}

std::optional<storage::Retained> Retention::settled(const FileEntry& incoming) {
    if (!is_on()) {
        return std::nullopt;
    }
    const auto before = index_.find(tree_, incoming.path);
    if (!before) {
        return std::nullopt;
    }
    const FileEntry& was = before->entry;
    const bool replaced = incoming.type != EntryType::deleted;
    storage::Retained kept{.at = now_, .replaced = replaced, .name = ""};
    if (was.type == EntryType::file) {
        if (incoming.sha256 == was.sha256) {
            return std::nullopt;
        }
        std::string name = name_of(incoming.path);
        if (is_there(name)) {
            kept.name = std::move(name);
            return kept;
        }
        // What has no content of its own is remembered only where other names were left with it.
        return replaced || was.link.empty() ? std::nullopt : std::optional(kept);
    }
    return replaced ? std::nullopt : std::optional(kept);
}

// --- between cuts

void Retention::remove_while(const std::function<bool(const storage::RetainedEntry&)>& goes) {
    for (;;) {
        // The file first: an entry without it can be removed again, a file without one can't.
        const std::vector<storage::RetainedEntry> gone =
            index_.retained().oldest(tree_, pruned_at_once, goes);
        for (const storage::RetainedEntry& entry : gone) {
            if (!entry.how.name.empty()) {
                files_.unlink(root_, tree_paths::in_retained(entry.how.name));
            }
        }
        if (gone.empty()) {
            return;
        }
        index_.retained().erase(tree_, gone);
    }
}

void Retention::prune(Timestamp now) {
    std::uint64_t bytes = index_.retained().totals(tree_).bytes;
    const std::int64_t oldest = now.nanoseconds - settings_.keep_deleted.nanoseconds;
    remove_while([&](const storage::RetainedEntry& entry) {
        const bool goes = entry.how.at.nanoseconds < oldest || bytes > settings_.limit_bytes;
        bytes -= goes ? entry.bytes() : 0;
        return goes;
    });
}

std::uint64_t Retention::give_way(std::uint64_t bytes) {
    std::uint64_t freed = 0;
    remove_while([&](const storage::RetainedEntry& entry) {
        const bool goes = freed < bytes;
        freed += goes ? entry.bytes() : 0;
        return goes;
    });
    return freed;
}

}  // namespace farshore::secondary
