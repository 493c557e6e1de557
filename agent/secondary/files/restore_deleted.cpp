#include "agent/secondary/files/restore_deleted.hpp"

#include "storage/disk/file_digest.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::secondary {

void RestoreDeleted::run(std::string_view path, Timestamp until, const std::string& name,
                         const Visitor& visit) {
    std::string last;
    const std::size_t skipped = path == "." ? 0 : path.size();
    index_.retained().walk(tree_, path, until, [&](const storage::RetainedEntry& kept) {
        const std::string& old = kept.entry.path;
        if (old == last) {
            return;  // an older version
        }
        last = old;
        const std::string below = old.substr(skipped);
        const std::string to = name + (below.empty() || skipped > 0 ? "" : "/") + below;
        GivenBack result{kept, ""};
        try {
            give_back(kept.entry, kept.how, to);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::disk_full || error.code() == ErrorCode::sync_failed) {
                throw;
            }
            result.problem = error.message();
        }
        visit(result);
    });
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
        set_metadata(directory->second, directory->first);
    }
    files_.sync_filesystem(target_);
}

void RestoreDeleted::make_parents(const std::string& to) {
    for (std::size_t slash = to.find('/'); slash != std::string::npos;
         slash = to.find('/', slash + 1)) {
        const std::string parent = to.substr(0, slash);
        if (!files_.status(target_, parent)) {
            files_.make_directory(target_, parent, 0755);
        }
    }
}

void RestoreDeleted::give_back(const FileEntry& entry, const storage::Retained& how,
                               const std::string& to) {
    make_parents(to);
    switch (entry.type) {
        case EntryType::file:
            give_back_file(entry, how, to);
            break;
        case EntryType::directory:
            if (!files_.status(target_, to)) {
                files_.make_directory(target_, to, 0700);
            }
            directories_.emplace_back(to, entry);
            return;
        case EntryType::symlink:
            files_.make_symlink(target_, to, entry.target);
            break;
        case EntryType::fifo:
        case EntryType::socket:
        case EntryType::device:
            if (!files_.make_node(target_, to, entry.type, entry.device)) {
                throw Error(ErrorCode::forbidden, "this user may not make such a node");
            }
            break;
        case EntryType::deleted:
            throw Error(ErrorCode::state_damaged, "a tombstone is among what is retained");
    }
    set_metadata(entry, to);
}

void RestoreDeleted::give_back_file(const FileEntry& entry, const storage::Retained& how,
                                    const std::string& to) {
    const Digest& sha256 = *entry.sha256;
    const auto of_another = index_.retained().find_content(tree_, sha256);
    for (const std::string& name : {how.name, of_another.value_or("")}) {
        if (!name.empty() && copy(storage::tree_paths::in_retained(name), to, sha256)) {
            return;
        }
    }
    for (const auto& holder : index_.find_by_sha256(tree_, sha256)) {
        if (copy(holder.entry.path, to, sha256)) {
            return;
        }
    }
    throw Error(ErrorCode::not_found, "its content is not here any more");
}

// False, and nothing is left, unless `from` has that content.
bool RestoreDeleted::copy(const std::string& from, const std::string& to, const Digest& sha256) {
    storage::Handle source;
    try {
        source = files_.open_file(root_, from);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found || error.code() == ErrorCode::unsafe_path) {
            return false;
        }
        throw;
    }
    const storage::Handle copied = files_.create_file(target_, to);
    try {
        if (storage::copy_content(files_, source, copied).sha256 == sha256) {
            return true;
        }
    } catch (...) {
        files_.unlink(target_, to);
        throw;
    }
    files_.unlink(target_, to);
    return false;
}

void RestoreDeleted::set_metadata(const FileEntry& entry, const std::string& to) {
    const bool kept = files_.set_owner(target_, to, entry.uid, entry.gid);
    files_.set_mode(target_, to, storage::mode_for(entry, kept));
    (void)files_.set_xattrs(target_, to, entry.xattrs);
    files_.set_mtime(target_, to, entry.mtime);
}

}  // namespace farshore::secondary
