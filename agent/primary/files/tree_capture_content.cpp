// TreeCapture: the content of regular files.

#include <string>

#include "agent/primary/files/replaced_name.hpp"
#include "agent/primary/files/tree_capture.hpp"
#include "protocol/limits.hpp"

namespace farshore::primary {

namespace {

constexpr int read_tries = 3;
// Files of one size that are compared with a new one.
constexpr std::size_t most_alike = 3;

std::string key_of(const Digest& sha256) {
    return {reinterpret_cast<const char*>(sha256.bytes.data()), sha256.bytes.size()};
}

bool is_same_file(const storage::StatIdentity& row, const storage::FileStatus& status) {
    return row.filesystem == status.filesystem && row.inode == status.inode &&
           row.size == status.size && row.mtime == status.mtime;
}

}  // namespace

void TreeCapture::look_at_file(const std::string& path, const storage::FileStatus& status,
                               const Row& before) {
    if (status.links > 1 && !parts_.dirty.find(path).distrusted) {
        if (const auto sha256 = content_of_sibling(status)) {
            put(path, status, before, sha256, status.size, is_settled(status, input_.taken.utc));
            return;
        }
        if (status.size > limits::small_file &&
            parts_.transfers.is_reading(status.filesystem, status.inode)) {
            // Read once for all its names: this one joins when that is done.
            look_again(path);
            return;
        }
    }
    if (status.size > limits::small_file || !read_small(path, before)) {
        transfer(path, status, before);
    }
}

// The same inode with the same times is the same content, whatever its name.
std::optional<Digest> TreeCapture::content_of_sibling(const storage::FileStatus& status) {
    const storage::StatIdentity identity = storage::identity_of(status);
    const auto read = linked_.find({status.filesystem, status.inode});
    if (read != linked_.end() && read->second.first == identity) {
        return read->second.second;
    }
    for (const std::string& path :
         parts_.state.paths_of_inode(tree_, status.filesystem, status.inode)) {
        const Row row = parts_.state.find(tree_, path);
        if (row && row->identity == identity && row->entry.sha256) {
            linked_[{status.filesystem, status.inode}] = {identity, *row->entry.sha256};
            return row->entry.sha256;
        }
    }
    return std::nullopt;
}

// What this file may well hold: its own content by the index (only metadata changed), or that of
// another name of its inode (a rename).
std::optional<Digest> TreeCapture::known_content(const storage::FileStatus& status,
                                                 const Row& before) const {
    if (before && is_same_file(before->identity, status)) {
        return before->entry.sha256;
    }
    for (const std::string& path :
         parts_.state.paths_of_inode(tree_, status.filesystem, status.inode)) {
        const Row row = parts_.state.find(tree_, path);
        if (row && is_same_file(row->identity, status)) {
            return row->entry.sha256;
        }
    }
    return std::nullopt;
}

// False: it does not hold still, or has grown.
bool TreeCapture::read_small(const std::string& path, const Row& before) {
    for (int i = 0; i < read_tries; ++i) {
        const Timestamp began = parts_.clock.utc_now();
        std::string content;
        const auto place = places_.of(path);
        const FileReading reading =
            read_file(parts_.files, place.directory, place.name, [&](std::string_view piece) {
                content += piece;
                return content.size() <= limits::small_file;
            });
        if (reading.outcome == FileReading::Outcome::absent) {
            look_again(path);
            return true;
        }
        if (reading.outcome == FileReading::Outcome::stable) {
            push(reading.sha256, content, before);
            if (reading.status.links > 1) {
                linked_[{reading.status.filesystem, reading.status.inode}] = {
                    storage::identity_of(reading.status), reading.sha256};
            }
            put(path, reading.status, before, reading.sha256, reading.size,
                is_settled(reading.status, began));
            return true;
        }
        if (reading.status.size > limits::small_file) {
            return false;
        }
    }
    return false;
}

void TreeCapture::push(const Digest& sha256, std::string_view content, const Row& before) {
    if ((before && before->entry.sha256 == sha256) || !parts_.sink.is_connected() ||
        !pushed_.insert(key_of(sha256)).second || parts_.state.has_content(tree_, sha256)) {
        return;
    }
    try {
        parts_.sink.whole(tree_, sha256, content);
    } catch (const Error&) {
        // The peer went away: it asks for what it lacks when it is back.
    }
}

// Of its inode by the index: it was renamed, and changed.
std::vector<std::string> TreeCapture::other_names(const std::string& path,
                                                  const storage::FileStatus& status) const {
    std::vector<std::string> names;
    for (std::string& name : parts_.state.paths_of_inode(tree_, status.filesystem, status.inode)) {
        if (name != path && names.size() < limits::recipe_bases) {
            names.push_back(std::move(name));
        }
    }
    return names;
}

// Large files that it may be about to replace.
std::vector<std::string> TreeCapture::replaced_by(const std::string& path) const {
    std::vector<std::string> found;
    for (std::string& name : names_replaced_by(path)) {
        const Row row = parts_.state.find(tree_, name);
        if (row && row->entry.type == EntryType::file && row->entry.size > limits::small_file &&
            found.size() < limits::recipe_bases) {
            found.push_back(std::move(name));
        }
    }
    return found;
}

void TreeCapture::transfer(const std::string& path, const storage::FileStatus& status,
                           const Row& before) {
    DirtyPath dirty = parts_.dirty.find(path);
    if (dirty.since.nanoseconds == 0) {  // a scan found it
        dirty.since = input_.taken.utc;
        dirty.noticed = input_.taken.boot;
    }
    TransferRequest request{.path = path,
                            .status = status,
                            .known = known_content(status, before),
                            .older = before && before->entry.type == EntryType::file &&
                                             before->entry.size > limits::small_file
                                         ? before->entry.sha256
                                         : std::nullopt,
                            .append_only = parts_.append_only.excludes(path, false),
                            .bases = other_names(path, status),
                            .same_size = {},
                            .since = dirty.since,
                            .noticed = dirty.noticed,
                            .distrusted = dirty.distrusted};
    if (!request.known && !request.older && request.bases.empty()) {
        request.bases = replaced_by(path);
        request.same_size = parts_.state.large_files_of_size(tree_, status.size, most_alike);
    }
    const bool taken = parts_.transfers.request(request);
    if (taken) {
        parts_.dirty.take_out(path);
    } else {
        look_again(path);
    }
}

void TreeCapture::take_transfer(const FinishedTransfer& finished) {
    const std::string& path = finished.path;
    // Until it is put it is as old as it was.
    parts_.dirty.put_back(path, finished.since, finished.noticed);
    if (finished.distrusted) {
        parts_.dirty.distrust(path, finished.since);
    }
    // Content that never held still can't be asked for again: it counts only when it was pushed.
    const bool usable = finished.sha256 && (!finished.unstable || parts_.sink.is_connected());
    try {
        const auto status = status_of(path);
        if (usable && status && status->type == EntryType::file &&
            (*status == finished.status || finished.unstable || finished.moment)) {
            put_transferred(finished, *status);
            return;
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::io && !storage::is_absence(error)) {
            throw;
        }
    }
    look_at(path);
}

void TreeCapture::put_transferred(const FinishedTransfer& finished,
                                  const storage::FileStatus& status) {
    const std::string& path = finished.path;
    looked_at_.insert(path);
    const bool is_as_read = !finished.unstable && !finished.moment;
    if (status.links > 1 && is_as_read) {
        linked_[{status.filesystem, status.inode}] = {storage::identity_of(status),
                                                      *finished.sha256};
    }
    put(path, status, parts_.state.find(tree_, path), finished.sha256, finished.size,
        is_as_read && is_settled(finished.status, finished.began));
    if (finished.moment) {
        look_behind(finished);
    }
    if (finished.unstable) {
        parts_.uncovered.refuse(path, "unstable: it changes whenever it is read; sent as read");
        look_again(path);
    }
}

// It has grown since its content was read: what came behind that before this cut began is missing.
void TreeCapture::look_behind(const FinishedTransfer& finished) {
    if (finished.began_boot < input_.taken.boot) {
        parts_.dirty.put_back(finished.path, finished.began, finished.began_boot);
    } else {
        look_again(finished.path);
    }
}

}  // namespace farshore::primary
