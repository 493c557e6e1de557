#include "agent/secondary/files/tree_applier.hpp"

#include "storage/disk/crash_point.hpp"

namespace farshore::secondary {

using storage::FileStatus;
using storage::SecondaryIndex;
using Order = SecondaryIndex::Order;

namespace {

constexpr std::size_t settled_at_once = 2'000;

}  // namespace

TreeApplier::TreeApplier(storage::FileSystem& files, const storage::Handle& root, Staging& staging,
                         SecondaryIndex& index, const SourceName& tree, Retention* retention)
    : files_(files),
      root_(root),
      staging_(staging),
      index_(index),
      tree_(tree),
      retention_(retention),
      groups_(files, root, index, tree),
      disk_(files, root, index, tree, retention) {}

void TreeApplier::apply_files(CutNumber cut) {
    cut_ = cut;
    report_ = {};
    disk_.begin(cut, report_);
    has_directories_ = false;
    has_removals_ = false;
    index_.walk_changes(cut, tree_, [&](const FileEntry& entry, const Before& before) {
        has_removals_ = has_removals_ || entry.type == EntryType::deleted;
        has_directories_ = has_directories_ || entry.type == EntryType::directory;
        if (entry.type != EntryType::deleted) {
            apply_entry(entry, before);
            // Also when it was there already: the attempt before may have ended just behind it.
            disk_.note_touched(entry.path);
        }
    });
    storage::crash_point("files_before_directories");
    finish_directories();
    storage::crash_point("files_applied");
}

void TreeApplier::apply_removals(CutNumber cut) {
    FARSHORE_ASSERT(cut == cut_);
    if (!has_removals_) {
        return;  // what apply_files() finished is as it left it
    }
    index_.walk_incoming(cut, tree_, Order::descending, [&](const FileEntry& entry) {
        if (entry.type == EntryType::deleted) {
            disk_.remove(entry.path);
            disk_.note_touched(entry.path);
        }
    });
    storage::crash_point("removals_before_directories");
    finish_directories();
}

void TreeApplier::sync() {
    files_.sync_filesystem(root_);
}

void TreeApplier::settle(CutNumber cut) {
    std::vector<SecondaryIndex::Settled> page;
    storage::LastDirectory places(files_, root_);
    index_.walk_incoming(cut, tree_, Order::ascending, [&](const FileEntry& entry) {
        SecondaryIndex::Settled settled{entry, {}};
        const auto status =
            entry.type == EntryType::file ? status_in(places, entry.path) : std::nullopt;
        if (status) {
            settled.identity = {status->inode, status->ctime};
        }
        if (retention_ != nullptr) {
            settled.retained = retention_->settled(entry);
        }
        page.push_back(std::move(settled));
        if (page.size() == settled_at_once) {
            index_.settle(cut, tree_, page);
            storage::crash_point("settled_a_page");
            page.clear();
        }
    });
    if (!page.empty()) {
        index_.settle(cut, tree_, page);
    }
}

// Deepest first: a directory's own metadata may shut it.
void TreeApplier::finish_directories() {
    const auto finish = [&](const FileEntry& entry) {
        if (entry.type == EntryType::directory) {
            disk_.set_metadata(entry.path, entry);
        }
    };
    if (has_directories_) {
        index_.walk_incoming(cut_, tree_, Order::descending, finish);
    }
    disk_.finish_touched();
}

std::optional<FileStatus> TreeApplier::status_of(const std::string& path) {
    storage::LastDirectory places(files_, root_);
    return status_in(places, path);
}

std::optional<FileStatus> TreeApplier::status_in(storage::LastDirectory& places,
                                                 const std::string& path) {
    try {
        const auto place = places.of(path);
        return files_.status(place.directory, place.name);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::unsafe_path || error.code() == ErrorCode::not_found) {
            return std::nullopt;
        }
        throw;
    }
}

void TreeApplier::apply_entry(const FileEntry& entry, const Before& before) {
    switch (entry.type) {
        case EntryType::file:
            apply_file(entry, before);
            break;
        case EntryType::directory:
            disk_.make_directory(entry);
            ++report_.directories;
            break;
        case EntryType::symlink:
            apply_symlink(entry);
            ++report_.specials;
            break;
        case EntryType::fifo:
        case EntryType::socket:
        case EntryType::device:
            apply_node(entry);
            ++report_.specials;
            break;
        case EntryType::deleted:
            break;
    }
}

// --- files

void TreeApplier::apply_file(const FileEntry& entry, const Before& before) {
    if (const auto leader = groups_.leader(cut_, entry)) {
        apply_link(entry, *leader);
    } else if (!apply_in_place(entry, before) && !apply_staged(entry) && !apply_found(entry)) {
        throw Error(ErrorCode::replica_altered, "the content of " + tree_.str() + "/" + entry.path +
                                                    " was received and is not in staging any more");
    }
}

bool TreeApplier::apply_in_place(const FileEntry& entry, const Before& known) {
    if (!known || known->entry.sha256 != entry.sha256 || !is_intact(files_, root_, *known) ||
        !groups_.can_stay(cut_, known->entry, entry)) {
        return false;
    }
    disk_.set_metadata(entry.path, entry);
    ++report_.metadata;
    return true;
}

void TreeApplier::apply_link(const FileEntry& entry, const std::string& leader) {
    const auto there = status_of(entry.path);
    const auto leading = status_of(leader);
    if (there && leading && there->inode == leading->inode) {
        ++report_.metadata;
        return;
    }
    const std::string name = staging_.unfinished_name();
    files_.link(root_, leader, root_, name);
    disk_.move_into_place(name, entry.path);
    ++report_.linked;
    // It was staged only to be sure of it.
    (void)staging_.take(
        *entry.sha256,
        [&](const std::string&, const FileStatus&) { return is_needed_after(entry); },
        [&](const std::string& staged) { files_.unlink(root_, staged); });
}

bool TreeApplier::is_needed_after(const FileEntry& entry) {
    return index_.needs_after(tree_, cut_, entry);
}

// From staging: by a rename when this is the last use, else by a copy.
bool TreeApplier::apply_staged(const FileEntry& entry) {
    if (is_empty_content(*entry.sha256)) {
        const std::string name = staging_.unfinished_name();
        (void)files_.create_file(root_, name);
        place_copy(entry, name);
        ++report_.placed;
        return true;
    }
    const auto keep = [&](const std::string& name, const FileStatus& status) {
        const bool shared = status.links > 1;  // with a file of the replica that is leaving
        return is_needed_after(entry) || (shared && !disk_.has_metadata(name, entry));
    };
    const auto move = [&](const std::string& name) {
        disk_.set_metadata(name, entry);
        disk_.move_into_place(name, entry.path);
    };
    const Staging::Take result = staging_.take(*entry.sha256, keep, move);
    if (result == Staging::Take::kept) {
        place_copy(entry, staging_.copy(*entry.sha256));
    }
    report_.placed += result == Staging::Take::absent ? 0 : 1;
    return result != Staging::Take::absent;
}

// Nothing is staged: the attempt before has put it in place, or another path took it meanwhile.
bool TreeApplier::apply_found(const FileEntry& entry) {
    const Digest& sha256 = *entry.sha256;
    const auto known = index_.find(tree_, entry.path);
    if (has_content(files_, root_, entry.path, sha256) &&
        (!known || known->entry.sha256 != sha256 || groups_.can_stay(cut_, known->entry, entry))) {
        disk_.set_metadata(entry.path, entry);
        ++report_.metadata;
        return true;
    }
    std::vector<std::string> holders;
    for (const auto& holder : index_.find_by_sha256(tree_, sha256)) {
        holders.push_back(holder.entry.path);
    }
    if (const auto first = index_.first_incoming_of_link(cut_, tree_, entry.link)) {
        holders.push_back(first->path);  // of its group, but with other metadata
    }
    for (const std::string& holder : holders) {
        const std::string name = staging_.copy_from(holder, sha256);
        if (!name.empty()) {
            place_copy(entry, name);
            ++report_.placed;
            return true;
        }
    }
    return false;
}

void TreeApplier::place_copy(const FileEntry& entry, const std::string& name) {
    disk_.set_metadata(name, entry);
    disk_.move_into_place(name, entry.path);
}

// --- what is neither file nor directory

void TreeApplier::apply_symlink(const FileEntry& entry) {
    const auto there = status_of(entry.path);
    if (there && there->type == EntryType::symlink &&
        files_.read_symlink(root_, entry.path) == entry.target) {
        disk_.set_metadata(entry.path, entry);
        return;
    }
    const std::string name = staging_.unfinished_name();
    files_.make_symlink(root_, name, entry.target);
    place_copy(entry, name);
}

void TreeApplier::apply_node(const FileEntry& entry) {
    const auto there = status_of(entry.path);
    if (there && there->type == entry.type && there->device == entry.device) {
        disk_.set_metadata(entry.path, entry);
        return;
    }
    const std::string name = staging_.unfinished_name();
    if (files_.make_node(root_, name, entry.type, entry.device)) {
        place_copy(entry, name);
    } else {
        report_.not_kept.add(entry.path);
    }
}

}  // namespace farshore::secondary
