#include "agent/primary/files/tree_capture.hpp"

#include <utility>

#include "agent/runtime/sleeper.hpp"
#include "protocol/limits.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::primary {

namespace {

// How often a lane that is full is looked at.
constexpr Duration room_look = Duration::from_ms(2);

std::size_t bytes_of(const std::map<std::string, std::string>& xattrs) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : xattrs) {
        bytes += name.size() + value.size();
    }
    return bytes;
}

}  // namespace

void TreeCapture::begin(const storage::Handle& root, const CutInput& input, TreeCut& cut) {
    root_ = &root;
    places_.set_root(root);
    good_parent_.clear();
    input_ = input;
    cut_ = &cut;
}

void TreeCapture::end() {
    root_ = nullptr;
    places_.forget();
    cut_ = nullptr;
    looked_at_.clear();
    put_.clear();
    removed_.clear();
    pushed_.clear();
    siblings_.clear();
    noted_.clear();
    absent_.clear();
    replaced_.clear();
    put_inodes_.clear();
    linked_.clear();
}

bool TreeCapture::is_over() const {
    return cut_->puts.size() >= most_puts || cut_->removals.size() >= most_removals ||
           parts_.clock.boot_now() >= input_.deadline;
}

void TreeCapture::look_at_dirty() {
    std::string position;
    for (;;) {
        const auto& paths = parts_.dirty.paths();
        const auto next = paths.upper_bound(position);
        if (next == paths.end() || is_over()) {
            break;
        }
        position = next->first;
        look_at(position);
        look_at_siblings();
    }
    remove_absent();
}

bool TreeCapture::scan(TreeScanner& scanner, BootTime until) {
    scanner.refresh();
    for (std::size_t count = 0; count < limits::cut_scan_entries;) {
        if (is_over() || !parts_.transfers.has_room() || parts_.clock.boot_now() >= until) {
            return false;
        }
        const auto found = scanner.next(*root_);
        if (!found) {
            return true;
        }
        if (!is_unchanged(*found)) {
            wait_for_room(until);
            look_at(found->path);
            look_at_siblings();
            ++count;
        }
    }
    return false;
}

// A scan reads faster than a network sends: what would be dropped would have to be read again.
void TreeCapture::wait_for_room(BootTime until) {
    runtime::SystemSleeper sleeper;
    while (!parts_.sink.has_room() && parts_.clock.boot_now() < until) {
        (void)sleeper.sleep(room_look, {});
    }
}

// Most of what a sweep comes by: told by one look, without the index's entry.
bool TreeCapture::is_unchanged(const TreeScanner::Found& found) {
    std::optional<storage::FileStatus> status;
    try {
        status = status_of(found.path);
        if (status) {
            parts_.links.see(found.path, *status);
        }
        if (!status || !found.indexed || parts_.dirty.find(found.path).distrusted ||
            storage::identity_of(*status) != *found.indexed) {
            return false;
        }
    } catch (const Error&) {
        return false;  // look_at() says what of it
    }
    take_as_it_was(found.path, *status);
    return true;
}

// It is what the index has: nothing is to be read, and nothing was missed of it.
void TreeCapture::take_as_it_was(const std::string& path, const storage::FileStatus& status) {
    parts_.dirty.take_out(path);
    let_go_if_held(path);
    // Of a directory the listing says whether it can be read (DirectoryVisitor).
    if (status.type != EntryType::directory) {
        parts_.uncovered.clear(path);
    }
}

void TreeCapture::take_transfers() {
    for (const FinishedTransfer& finished : parts_.transfers.take_finished()) {
        take_transfer(finished);
        look_at_siblings();
    }
}

void TreeCapture::look_at_siblings() {
    while (!siblings_.empty()) {
        const std::string path = std::move(siblings_.back());
        siblings_.pop_back();
        look_at(path);
    }
}

// nullopt: nothing of the tree is there. Throws io when nobody can tell.
std::optional<storage::FileStatus> TreeCapture::status_of(const std::string& path) {
    try {
        const auto place = places_.of(path);
        return parts_.files.status(place.directory, place.name);
    } catch (const Error& error) {
        if (storage::is_absence(error)) {
            return std::nullopt;
        }
        throw;
    }
}

// Beneath something that can't be read: nothing can be said of it.
bool TreeCapture::is_hidden(const std::string& path) const {
    if (parts_.uncovered.refused() == 0) {
        return false;
    }
    for (std::string_view up = path; up != ".";) {
        up = parent_path(up);
        if (parts_.uncovered.is_refused(std::string(up))) {
            return true;
        }
    }
    return false;
}

void TreeCapture::look_at(const std::string& path) {
    if (!looked_at_.insert(path).second) {
        return;
    }
    try {
        const auto status = status_of(path);
        const Row before = parts_.state.find(tree_, path);
        const bool is_directory = status ? status->type == EntryType::directory
                                         : before && before->entry.type == EntryType::directory;
        if (storage::tree_paths::is_ours(path) || is_hidden(path)) {
            parts_.dirty.take_out(path);
        } else if (parts_.excluded.excludes(path, is_directory)) {
            look_at_excluded(path, before);
        } else if (status) {
            look_at_present(path, *status, before);
        } else {
            look_at_absent(path, before);
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::io && !storage::is_absence(error)) {
            throw;
        }
        refuse(path, error.message());
    }
}

// It stays on the secondaries as it was; but what none of them has leaves the index.
void TreeCapture::look_at_excluded(const std::string& path, const Row& before) {
    const auto held = parts_.has_held ? parts_.held.find(tree_, path) : std::nullopt;
    if (before && held && held->approved) {
        look_at_absent(path, before);
        return;
    }
    parts_.dirty.take_out(path);
    let_go_if_held(path);
}

void TreeCapture::look_at_absent(const std::string& path, const Row& before) {
    const DirtyPath dirty = parts_.dirty.find(path);
    parts_.uncovered.clear(path);
    if (!before && (!dirty.before_t || dirty.may_go())) {
        parts_.dirty.take_out(path);
        return;
    }
    if (!before || !dirty.may_go()) {
        // Gone since L, or nobody knows since when: the next cut's matter.
        parts_.dirty.found_absent(path, input_.taken.utc);
        return;
    }
    // After all that is there: a new name of the same file may be among it.
    absent_.push_back(path);
}

void TreeCapture::look_at_present(const std::string& path, const storage::FileStatus& status,
                                  const Row& before) {
    if (before && before->identity == storage::identity_of(status) &&
        is_trusted(path, status, *before)) {
        take_as_it_was(path, status);
        return;
    }
    const bool was_directory = before && before->entry.type == EntryType::directory;
    if (!was_directory || status.type == EntryType::directory) {
        let_go_if_held(path);  // it is back
    }
    if (was_directory && status.type == EntryType::directory &&
        mount_changed(path, status, *before)) {
        refuse(path,
               "another filesystem is mounted here, or none any more: what the index has "
               "below is kept as it is");
        return;
    }
    if (was_directory && status.type != EntryType::directory) {
        // What was below is gone, and that is a removal.
        if (parts_.dirty.find(path).removal != Removal::this_cut) {
            parts_.dirty.found_absent(path, input_.taken.utc);
            return;
        }
        absent_.push_back(path);
        replaced_.insert(path);
        return;
    }
    if (status.type == EntryType::file) {
        look_at_file(path, status, before);
    } else {
        put(path, status, before, std::nullopt, 0, is_settled(status, parts_.clock.utc_now()));
    }
}

// False when a scrub found other content than these times stand for, here or by another name.
bool TreeCapture::is_trusted(const std::string& path, const storage::FileStatus& status,
                             const storage::CapturedEntry& before) const {
    if (parts_.dirty.find(path).distrusted) {
        return false;
    }
    const auto read = linked_.find({status.filesystem, status.inode});
    return read == linked_.end() || read->second.second == before.entry.sha256;
}

bool TreeCapture::mount_changed(const std::string& path, const storage::FileStatus& status,
                                const storage::CapturedEntry& before) {
    if (path == ".") {
        return false;
    }
    const std::string parent(parent_path(path));
    const auto parent_status = status_of(parent);
    const auto parent_row = parts_.state.find(tree_, parent);
    if (!parent_status || !parent_row) {
        return false;
    }
    // Device numbers may differ from boot to boot; whether this is a mount point does not.
    const bool is_mount = status.filesystem != parent_status->filesystem;
    const bool was_mount = before.identity.filesystem != parent_row->identity.filesystem;
    bool has_children = false;
    parts_.state.walk(tree_, path + "/", [&](const storage::CapturedEntry& row) {
        has_children = row.entry.path.starts_with(path + "/");
        return false;
    });
    return has_children && is_mount != was_mount;
}

bool TreeCapture::has_parent(const std::string& path) {
    if (path == ".") {
        return true;
    }
    const std::string parent(parent_path(path));
    if (parent == good_parent_) {
        return true;
    }
    const Row row = parts_.state.find(tree_, parent);
    if (row && row->entry.type == EntryType::directory && !removed_.contains(parent)) {
        good_parent_ = parent;
        return true;
    }
    look_at(parent);
    if (!put_.contains(parent)) {
        return false;
    }
    good_parent_ = parent;
    return true;
}

FileEntry TreeCapture::describe(const std::string& path, const storage::FileStatus& status) {
    FileEntry entry;
    entry.path = path;
    entry.type = status.type;
    entry.mode = status.type == EntryType::symlink ? 0 : status.mode;
    entry.uid = status.uid;
    entry.gid = status.gid;
    entry.mtime = status.mtime;
    entry.device = status.device;
    const auto place = places_.of(path);
    if (status.type == EntryType::symlink) {
        entry.target = parts_.files.read_symlink(place.directory, place.name);
    }
    if (status.links > 1 && status.type != EntryType::directory) {
        entry.link = std::to_string(status.inode);
    }
    entry.xattrs = parts_.files.read_xattrs(place.directory, place.name);
    return entry;
}

void TreeCapture::put(const std::string& path, const storage::FileStatus& status, const Row& before,
                      const std::optional<Digest>& sha256, std::uint64_t size, bool settled) {
    FileEntry entry = describe(path, status);
    entry.sha256 = sha256;
    entry.size = size;
    const auto now = status_of(path);
    if (!now || *now != status || !has_parent(path)) {
        look_again(path);
        return;
    }
    if (entry.path.size() > limits::path || bytes_of(entry.xattrs) > limits::xattrs_total) {
        refuse(path, "its name or its extended attributes are too long to be carried");
        return;
    }
    // Of a content that changed behind its times every name has to be looked at, else only those
    // that were not since the kernel's times last moved.
    const storage::StatIdentity seen = storage::identity_of(status);
    note_siblings(seen, path,
                  parts_.dirty.find(path).distrusted ? std::nullopt : std::optional(seen));
    parts_.dirty.take_out(path);
    parts_.uncovered.clear(path);
    const storage::StatIdentity identity =
        settled ? storage::identity_of(status) : unsettled_identity(status);
    if (before) {
        note_siblings(before->identity, path, std::nullopt);
        entry.mark = before->entry.mark;
        if (entry == before->entry) {
            cut_->refreshed.emplace_back(path, identity);
            return;
        }
    }
    put_.insert(path);
    put_inodes_[{identity.filesystem, identity.inode}] = cut_->puts.size();
    cut_->puts.push_back({.entry = std::move(entry), .identity = identity, .cut = CutNumber()});
}

// A name that came or went changes the other names of the same file: no event tells of that. Those
// that the index has as they are `now` need no look.
void TreeCapture::note_siblings(const storage::StatIdentity& identity, const std::string& path,
                                const std::optional<storage::StatIdentity>& now) {
    if (identity.links < 2 || !noted_.emplace(identity.filesystem, identity.inode).second) {
        return;
    }
    for (std::string& other :
         now ? parts_.state.outdated_paths_of_inode(tree_, *now)
             : parts_.state.paths_of_inode(tree_, identity.filesystem, identity.inode)) {
        if (other != path && !looked_at_.contains(other)) {
            siblings_.push_back(std::move(other));
        }
    }
}

void TreeCapture::let_go_if_held(const std::string& path) {
    if (parts_.has_held && parts_.held.find(tree_, path)) {
        cut_->let_go.push_back(path);
    }
}

void TreeCapture::refuse(const std::string& path, const std::string& reason) {
    parts_.dirty.take_out(path);
    parts_.uncovered.refuse(path, reason);
}

void TreeCapture::look_again(const std::string& path) {
    parts_.dirty.changed(path, DirtySet::Drain::second, input_.taken.utc);
}

}  // namespace farshore::primary
