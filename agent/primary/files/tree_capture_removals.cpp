// What a cut removes: gathered, judged as a whole, then done, put off or held.

#include <algorithm>
#include <utility>

#include "agent/primary/files/tree_capture.hpp"

namespace farshore::primary {

namespace {

// Of the same inode: whether the one is the other under a new name, and not a new file that got
// the inode of one that was deleted.
bool is_same_thing(const FileEntry& before, const FileEntry& now) {
    return before.type == now.type && before.sha256 == now.sha256 && before.target == now.target;
}

}  // namespace

// The directories above `path`, up to the first that is in `into` already.
void TreeCapture::add_parents(std::string_view path, std::unordered_set<std::string>& into) {
    while (path != ".") {
        path = parent_path(path);
        if (!into.emplace(path).second) {
            return;
        }
    }
}

void TreeCapture::gather(const std::string& path, Going& going) {
    const Row before = parts_.state.find(tree_, path);
    if (!before || removed_.contains(path) || is_moving(*before) || is_over()) {
        return;
    }
    if (before->entry.type == EntryType::directory && !gather_below(path, going)) {
        return;
    }
    if (!replaced_.contains(path)) {
        going.add(*before);
    }
}

// False when there was no room for all of it.
bool TreeCapture::gather_below(const std::string& path, Going& going) {
    const std::string prefix = path + "/";
    bool room = true;
    parts_.state.walk(tree_, prefix, [&](const storage::CapturedEntry& row) {
        if (!row.entry.path.starts_with(prefix)) {
            return false;
        }
        room = cut_->removals.size() + going.rows.size() < most_removals;
        if (!room || put_.contains(row.entry.path) || is_moving(row)) {
            add_parents(row.entry.path, going.keeping);
        } else if (!removed_.contains(row.entry.path)) {
            going.add(row);
        }
        return room;
    });
    return room;
}

void TreeCapture::Going::add(const storage::CapturedEntry& row) {
    if (paths.insert(row.entry.path).second) {
        rows.push_back(row);
    }
}

bool TreeCapture::has_name_that_stays(const storage::CapturedEntry& row, const Going& going) {
    for (const std::string& other :
         parts_.state.paths_of_inode(tree_, row.identity.filesystem, row.identity.inode)) {
        if (other != row.entry.path && !going.paths.contains(other) && !removed_.contains(other)) {
            const Row there = parts_.state.find(tree_, other);
            if (there && is_same_thing(row.entry, there->entry)) {
                return true;
            }
        }
    }
    return false;
}

// Renamed, or one of several names: what it was stays in one of the trees.
bool TreeCapture::lives_on(const storage::CapturedEntry& row, Going& going) {
    const auto& [filesystem, inode] = std::pair(row.identity.filesystem, row.identity.inode);
    const auto put = put_inodes_.find({filesystem, inode});
    if (put != put_inodes_.end() && is_same_thing(row.entry, cut_->puts[put->second].entry)) {
        return true;
    }
    // Asked once for all names: ten thousand that go together would ask ten thousand times for all.
    const auto [known, is_new] =
        going.names.try_emplace({filesystem, inode, row.entry.sha256}, false);
    if (is_new) {
        known->second = has_name_that_stays(row, going);
    }
    if (known->second) {
        return true;
    }
    std::string_view content;
    if (row.entry.sha256) {
        content = {reinterpret_cast<const char*>(row.entry.sha256->bytes.data()),
                   row.entry.sha256->bytes.size()};
    }
    return parts_.held.is_elsewhere(tree_, filesystem, inode, content);
}

TreeCapture::Fate TreeCapture::fate_of(const storage::CapturedEntry& row, Going& going) {
    const std::string& path = row.entry.path;
    const bool is_directory = row.entry.type == EntryType::directory;
    if (parts_.has_held) {
        if (const auto held = parts_.held.find(tree_, path)) {
            return held->approved || lives_on(row, going) ? Fate::gone : Fate::held;
        }
    }
    if (lives_on(row, going)) {
        return Fate::gone;
    }
    // What a change of the filters brought to light is nobody's deed of today.
    return parts_.excluded_before != nullptr && parts_.excluded_before->excludes(path, is_directory)
               ? Fate::to_hold
               : Fate::deleted;
}

void TreeCapture::remove_absent() {
    const BootTime now = parts_.clock.boot_now();
    const std::vector<std::string> absent = std::exchange(absent_, {});
    if (!absent.empty() && !parts_.guard.is_due(absent.size(), now)) {
        return;  // they are still dirty
    }
    Going going;
    for (const std::string& path : absent) {
        gather(path, going);
    }
    judge(going, now);
    for (const std::string& path : absent) {
        if (replaced_.contains(path)) {
            put_replaced(path, going);
        }
    }
    look_at_siblings();
}

void TreeCapture::judge(Going& going, BootTime now) {
    std::vector<Fate> fates;
    std::uint64_t deleted = 0;
    // Deepest first: a directory stays when something in it does.
    std::sort(going.rows.begin(), going.rows.end(),
              [](const auto& a, const auto& b) { return a.entry.path > b.entry.path; });
    for (const storage::CapturedEntry& row : going.rows) {
        fates.push_back(fate_of(row, going));
        deleted += fates.back() == Fate::deleted ? 1 : 0;
    }
    const std::uint64_t entries = parts_.state.tree(tree_).totals.entries;
    const auto verdict = parts_.guard.judge(deleted, entries, now);
    for (std::size_t i = 0; i < fates.size(); ++i) {
        Fate fate = fates[i];
        if (fate == Fate::deleted) {
            fate = verdict == DeletionGuard::Verdict::pass   ? Fate::gone
                   : verdict == DeletionGuard::Verdict::hold ? Fate::to_hold
                                                             : Fate::waits;
        }
        meet(fate, going.rows[i], going);
    }
}

void TreeCapture::meet(Fate fate, const storage::CapturedEntry& row, Going& going) {
    const std::string& path = row.entry.path;
    const bool keeps = going.keeping.contains(path);
    const bool keeps_held = going.holding.contains(path);
    if (fate == Fate::waits || (keeps && fate != Fate::held)) {
        // By its own name: the directory above may be there again before the next look.
        parts_.dirty.removed(path, DirtySet::Drain::first, input_.taken.utc);
        add_parents(path, going.keeping);
    } else if (fate == Fate::held) {
        parts_.dirty.take_out(path);
        add_parents(path, going.holding);
    } else if (fate == Fate::to_hold || keeps_held) {
        hold(path);
        add_parents(path, going.holding);
    } else {
        remove(row);
    }
}

void TreeCapture::hold(const std::string& path) {
    parts_.dirty.take_out(path);
    parts_.uncovered.clear(path);
    looked_at_.insert(path);
    cut_->held.push_back(path);
}

// What was below is gone, or stays: then the file that is there now waits with it.
void TreeCapture::put_replaced(const std::string& path, const Going& going) {
    if (going.keeping.contains(path)) {
        return;
    }
    if (going.holding.contains(path)) {
        hold(path);
        return;
    }
    const auto status = status_of(path);
    const Row before = parts_.state.find(tree_, path);
    if (!status || !before || !below_is_gone(path)) {
        return;
    }
    if (status->type == EntryType::file) {
        look_at_file(path, *status, before);
    } else {
        put(path, *status, before, std::nullopt, 0, is_settled(*status, parts_.clock.utc_now()));
    }
}

bool TreeCapture::below_is_gone(const std::string& path) {
    const std::string prefix = path + "/";
    bool gone = true;
    parts_.state.walk(tree_, prefix, [&](const storage::CapturedEntry& row) {
        gone = !row.entry.path.starts_with(prefix) || removed_.contains(row.entry.path);
        return gone && row.entry.path.starts_with(prefix);
    });
    return gone;
}

// Renamed, and its new name is still being hashed: both names change in one cut.
bool TreeCapture::is_moving(const storage::CapturedEntry& row) const {
    return row.entry.type == EntryType::file &&
           parts_.transfers.is_reading(row.identity.filesystem, row.identity.inode);
}

void TreeCapture::remove(const storage::CapturedEntry& row) {
    const std::string& path = row.entry.path;
    parts_.dirty.take_out(path);
    parts_.uncovered.clear(path);
    looked_at_.insert(path);
    removed_.insert(path);
    good_parent_.clear();
    note_siblings(row.identity, path, std::nullopt);
    cut_->removals.push_back(path);
    if (parts_.has_held) {
        cut_->let_go.push_back(path);
    }
}

}  // namespace farshore::primary
