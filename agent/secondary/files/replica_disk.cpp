#include "agent/secondary/files/replica_disk.hpp"

#include <algorithm>
#include <vector>

#include "storage/disk/file_digest.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::secondary {

namespace tree_paths = storage::tree_paths;
using storage::FileStatus;

namespace {

// Nothing is there, or the way to it leads through something that is not a directory of ours.
bool is_no_way(const Error& error) {
    return error.code() == ErrorCode::not_found || error.code() == ErrorCode::unsafe_path;
}

}  // namespace

bool is_empty_content(const Digest& sha256) {
    static const Digest empty = farshore::sha256("");
    return sha256 == empty;
}

bool is_same_inode(const FileEntry& a, const FileEntry& b) {
    return a.type == b.type && a.mode == b.mode && a.uid == b.uid && a.gid == b.gid &&
           a.mtime == b.mtime && a.size == b.size && a.sha256 == b.sha256 && a.link == b.link &&
           a.xattrs == b.xattrs;
}

bool matches_status(const FileStatus& status, const FileEntry& entry) {
    return status.type == entry.type && status.uid == entry.uid && status.gid == entry.gid &&
           status.mtime == entry.mtime &&
           (entry.type == EntryType::symlink || status.mode == entry.mode) &&
           (entry.type != EntryType::file || status.size == entry.size) &&
           (entry.type != EntryType::device || status.device == entry.device);
}

bool has_content(storage::FileSystem& files, const storage::Handle& root, std::string_view path,
                 const Digest& sha256) {
    try {
        return storage::digest_of(files, files.open_file(root, path)).sha256 == sha256;
    } catch (const Error& error) {
        if (is_no_way(error)) {
            return false;
        }
        throw;
    }
}

bool is_intact(storage::FileSystem& files, const storage::Handle& root,
               const storage::IndexedEntry& indexed) {
    const FileEntry& entry = indexed.entry;
    std::optional<FileStatus> status;
    try {
        status = files.status(root, entry.path);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::unsafe_path) {
            throw;
        }
    }
    if (!status || status->type != EntryType::file || status->size != entry.size || !entry.sha256) {
        return false;
    }
    const bool known = status->inode == indexed.identity.inode &&
                       status->ctime == indexed.identity.ctime && status->mtime == entry.mtime;
    return known || has_content(files, root, entry.path, *entry.sha256);
}

void ReplicaDisk::begin(CutNumber cut, ApplyReport& report) {
    cut_ = cut;
    report_ = &report;
    touched_.clear();
    last_touched_.clear();
    next_aside_ = 0;
    staging_.forget();
    target_.forget();
}

std::optional<FileStatus> ReplicaDisk::status_of(const std::string& path) {
    try {
        const auto place = target_.of(path);
        return files_.status(place.directory, place.name);
    } catch (const Error& error) {
        if (is_no_way(error)) {
            return std::nullopt;
        }
        throw;
    }
}

// --- metadata

void ReplicaDisk::set_metadata(const std::string& name, const FileEntry& entry) {
    if (entry.type == EntryType::file || entry.type == EntryType::directory) {
        if (!files_.set_metadata(root_, name, entry)) {
            report_->not_kept.add(entry.path);
        }
        return;
    }
    const FileStatus before = files_.status(root_, name).value();
    bool kept = true;
    const bool other_owner = before.uid != entry.uid || before.gid != entry.gid;
    if (other_owner) {
        kept = files_.set_owner(root_, name, entry.uid, entry.gid);
    }
    if (entry.type != EntryType::symlink && (other_owner || before.mode != entry.mode)) {
        files_.set_mode(root_, name, entry.mode);
    }
    kept = files_.set_xattrs(root_, name, entry.xattrs) && kept;
    if (before.mtime != entry.mtime) {
        files_.set_mtime(root_, name, entry.mtime);
    }
    if (!kept) {
        report_->not_kept.add(entry.path);
    }
}

bool ReplicaDisk::has_metadata(const std::string& name, const FileEntry& entry) {
    const auto status = files_.status(root_, name);
    return status && matches_status(*status, entry) &&
           files_.read_xattrs(root_, name) == entry.xattrs;
}

// --- putting in place

void ReplicaDisk::set_aside(const std::string& path, const std::string& why) {
    if (!files_.status(root_, tree_paths::foreign)) {
        files_.make_directory(root_, tree_paths::foreign, 0700);
    }
    std::string name;
    do {
        name = tree_paths::set_aside(cut_.value(), next_aside_++, path);
    } while (files_.status(root_, name));
    files_.rename(root_, path, root_, name);
    target_.forget();
    note_touched(path);
    report_->altered.add(path + ": " + why + "; it is kept as " + name);
}

// True for what an interrupted attempt at this very cut has put there.
bool ReplicaDisk::is_being_placed(const std::string& path, const FileStatus& status) {
    const auto entry = index_.find_incoming(cut_, tree_, path);
    if (!entry || entry->type != status.type) {
        return false;
    }
    switch (entry->type) {
        case EntryType::file:
            return status.size == entry->size && entry->sha256 &&
                   has_content(files_, root_, path, *entry->sha256);
        case EntryType::symlink:
            return files_.read_symlink(root_, path) == entry->target;
        default:
            return true;
    }
}

// False: nothing was there.
bool ReplicaDisk::prepare_place(const std::string& path) {
    const auto status = status_of(path);
    if (!status) {
        return false;
    }
    const auto known = index_.find(tree_, path);
    const bool ours = known && known->entry.type == status->type;
    if (status->type == EntryType::directory) {
        if (ours) {
            clear_directory(path);
        } else {
            set_aside(path, "a directory that is not ours was where an entry belongs");
        }
    } else if (!ours && !is_being_placed(path, *status)) {
        set_aside(path, "something that is not ours was where an entry belongs");
    } else if (ours && retention_ != nullptr && status->type == EntryType::file) {
        retention_->keep_replaced(*known);
    }
    return true;
}

void ReplicaDisk::rename(const std::string& name, const std::string& path) {
    const auto from = staging_.of(name);
    const auto to = target_.of(path);
    files_.rename(from.directory, from.name, to.directory, to.name);
}

void ReplicaDisk::move_into_place(const std::string& name, const std::string& path) {
    const bool replaces = prepare_place(path);
    try {
        rename(name, path);
    } catch (const Error& error) {
        if (!is_no_way(error)) {
            throw;
        }
        staging_.forget();
        target_.forget();
        repair_parents(path);
        rename(name, path);
    }
    // Renaming one name of an inode to another does nothing at all.
    if (replaces && tree_paths::is_ours(name) && files_.status(root_, name)) {
        files_.unlink(root_, name);
    }
}

void ReplicaDisk::make_directory(const FileEntry& entry) {
    const std::string& path = entry.path;
    auto status = status_of(path);
    if (status && status->type == EntryType::directory) {
        return;
    }
    if (status) {
        const auto known = index_.find(tree_, path);
        if (known && known->entry.type == status->type) {
            remove_known(*known, *status);
        } else {
            set_aside(path, "something that is not ours was where a directory belongs");
        }
    }
    try {
        files_.make_directory(root_, path, 0700);
    } catch (const Error& error) {
        if (!is_no_way(error)) {
            throw;
        }
        repair_parents(path);
        files_.make_directory(root_, path, 0700);
    }
}

// Every directory above `path` is a directory afterwards.
void ReplicaDisk::repair_parents(const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        repair_directory(path.substr(0, slash));
    }
}

void ReplicaDisk::repair_directory(const std::string& path) {
    const auto status = files_.status(root_, path);
    if (status && status->type == EntryType::directory) {
        return;
    }
    if (status) {
        set_aside(path, "something else was where a directory of ours had been");
    } else {
        report_->altered.add(path + ": the directory was gone; it is made again");
    }
    files_.make_directory(root_, path, 0700);
    note_touched(path);
    note_touched(path + "/.");  // itself: its metadata is that of the index again at the end
}

// --- removing

void ReplicaDisk::remove_directory(const std::string& path) {
    const storage::Handle directory = files_.open_directory(root_, path);
    for (const storage::DirectoryItem& item : files_.list(directory)) {
        set_aside(path + "/" + item.name, "it was in a directory that the primary removed");
    }
    target_.forget();
    files_.remove_directory(root_, path);
}

// A file that is not as we left it has somebody's work in it; but of a group of hard links the
// other names have it too, and may have changed it in this very cut.
void ReplicaDisk::remove_other(const std::string& path, const storage::IndexedEntry& known,
                               const FileStatus& status) {
    const bool altered = status.type == EntryType::file && status.links == 1 &&
                         (status.size != known.entry.size || status.mtime != known.entry.mtime);
    if (altered) {
        set_aside(path, "it was altered here and removed on the primary");
    } else {
        remove_known(known, status);
    }
}

void ReplicaDisk::remove_known(const storage::IndexedEntry& known, const FileStatus& status) {
    if (retention_ == nullptr || !retention_->take_removed(known, status)) {
        files_.unlink(root_, known.entry.path);
    }
}

void ReplicaDisk::remove(const std::string& path) {
    const auto known = index_.find(tree_, path);
    const auto status = status_of(path);
    if (!status) {
        return;
    }
    if (!known) {
        // Somebody else's, or ours of a time that this state does not know (it was put back).
        set_aside(path, "this state does not know it, and it was removed on the primary");
    } else if (status->type != known->entry.type) {
        set_aside(path, "it was altered here and removed on the primary");
    } else if (status->type == EntryType::directory) {
        remove_directory(path);
    } else {
        remove_other(path, *known, *status);
    }
    ++report_->removed;
}

// What is ours in a directory goes with it; what is not is set aside.
void ReplicaDisk::clear_directory(const std::string& path) {
    std::vector<std::string> directories{path};
    for (std::size_t i = 0; i < directories.size(); ++i) {
        const std::string at = directories[i];
        for (const storage::DirectoryItem& item : files_.list(files_.open_directory(root_, at))) {
            const std::string child = at + "/" + item.name;
            const auto known = index_.find(tree_, child);
            const auto status = status_of(child);
            if (known && status && status->type == EntryType::directory &&
                known->entry.type == EntryType::directory) {
                directories.push_back(child);
            } else if (known) {
                remove(child);
            } else {
                set_aside(child, "it was in a directory that the primary replaced");
            }
        }
    }
    for (auto directory = directories.rbegin(); directory != directories.rend(); ++directory) {
        remove_directory(*directory);
    }
}

// --- directories of which only the time was disturbed

void ReplicaDisk::note_touched(std::string_view path) {
    if (path == ".") {
        return;
    }
    const std::string_view parent = parent_path(path);
    if (parent != last_touched_) {
        last_touched_ = parent;
        touched_.insert(last_touched_);
    }
}

void ReplicaDisk::finish_touched() {
    for (const std::string& path : touched_) {
        const auto incoming = index_.find_incoming(cut_, tree_, path);
        const auto known = index_.find(tree_, path);
        const auto status = status_of(path);
        if (!incoming && known && known->entry.type == EntryType::directory && status &&
            status->type == EntryType::directory) {
            set_metadata(path, known->entry);
        }
    }
    touched_.clear();
    last_touched_.clear();
}

}  // namespace farshore::secondary
