#include "agent/primary/files/put_file.hpp"

#include <optional>

#include "storage/disk/tree_marker.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::primary {

namespace tree_paths = storage::tree_paths;

namespace {

bool make_if_missing(storage::FileSystem& files, const storage::Handle& root,
                     const std::string& path, std::uint32_t mode) {
    try {
        files.make_directory(root, path, mode);
        return true;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::already_exists) {
            throw;
        }
        return false;
    }
}

// A put may go on while a root comes back and is recognised anew: what it writes is locked.
void remove_if_left_behind(storage::FileSystem& files, const storage::Handle& staging,
                           const std::string& name) {
    std::optional<storage::Handle> file;  // its lock is held until the name is gone
    try {
        file = files.open_file(staging, name);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) {
            return;
        }
        if (error.code() != ErrorCode::unsafe_path) {
            throw;
        }
    }
    if (!file || files.try_lock(*file)) {
        files.unlink(staging, name);
    }
}

}  // namespace

PutFile::PutFile(storage::FileSystem& files, storage::Handle root, PutTarget target,
                 std::uint64_t number)
    : files_(files), root_(std::move(root)), target_(std::move(target)) {
    if (!is_safe_path(target_.path) || target_.path == "." || tree_paths::is_ours(target_.path)) {
        throw Error(ErrorCode::unsafe_path,
                    "cannot put a file at \"" + target_.path + "\": not a path within the tree");
    }
    storage::make_our_directory(files_, root_);
    make_if_missing(files_, root_, std::string(tree_paths::staging), 0700);
    create(number);
}

// The lock tells remove_unfinished_puts() that somebody writes it.
void PutFile::create(std::uint64_t number) {
    for (;; ++number) {
        const std::string name = tree_paths::unfinished(number);
        file_ = files_.create_file(root_, name);
        if (files_.try_lock(file_) && files_.status(root_, name)) {
            temporary_ = name;
            return;
        }
        // It was seen before it was locked: it is gone, or about to be.
    }
}

PutFile::~PutFile() {
    if (placed_ || temporary_.empty()) {
        return;
    }
    try {
        files_.unlink(root_, temporary_);
    } catch (const Error&) {
        // The next start removes it.
    }
}

void PutFile::write(std::span<const std::byte> content) {
    FARSHORE_ASSERT(!placed_);
    files_.write_at(file_, size_, content);
    sha256_.update(content);
    size_ += content.size();
}

void PutFile::make_directories() {
    const std::string& path = target_.path;
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string directory = path.substr(0, slash);
        if (make_if_missing(files_, root_, directory, 0755)) {
            files_.sync_file(files_.open_directory(root_, parent_path(directory)));
        }
    }
}

PlacedFile PutFile::place() {
    FARSHORE_ASSERT(!placed_);
    if (files_.status(file_).size != size_) {
        throw Error(ErrorCode::io, "cannot put " + target_.path + ": its length is wrong");
    }
    files_.set_mode(root_, temporary_, target_.mode);
    if (target_.mtime) {
        files_.set_mtime(root_, temporary_, *target_.mtime);
    }
    files_.sync_file(file_);
    make_directories();
    files_.rename(root_, temporary_, root_, target_.path);
    placed_ = true;
    files_.sync_file(files_.open_directory(root_, parent_path(target_.path)));
    return {.size = size_, .sha256 = sha256_.finish()};
}

void remove_unfinished_puts(storage::FileSystem& files, const storage::Handle& root) {
    if (!files.status(root, tree_paths::staging)) {
        return;
    }
    const storage::Handle staging = files.open_directory(root, tree_paths::staging);
    for (const storage::DirectoryItem& item : files.list(staging)) {
        if (!tree_paths::parse_staged(item.name)) {
            remove_if_left_behind(files, staging, item.name);
        }
    }
}

}  // namespace farshore::primary
