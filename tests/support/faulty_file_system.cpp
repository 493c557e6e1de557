#include "tests/support/faulty_file_system.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace farshore::test {

using storage::Handle;

void FaultyFileSystem::fail(Call call, std::uint64_t nth, ErrorCode code) {
    faults_.insert_or_assign(call, Fault{nth, code});
}

void FaultyFileSystem::fail_syncs_from(std::uint64_t nth) {
    syncs_fail_from_ = syncs_ + nth;
}

void FaultyFileSystem::set_room(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    room_ = bytes;
}

void FaultyFileSystem::clear_faults() {
    const std::lock_guard lock(mutex_);
    faults_.clear();
    syncs_fail_from_ = 0;
    room_.reset();
}

void FaultyFileSystem::about_to(Call call) {
    const std::lock_guard lock(mutex_);
    const auto fault = faults_.find(call);
    if (fault != faults_.end() && --fault->second.countdown == 0) {
        const ErrorCode code = fault->second.code;
        faults_.erase(fault);
        throw Error(code, "a fault that the test asked for");
    }
}

void FaultyFileSystem::about_to_change(Call call) {
    {
        const std::lock_guard lock(mutex_);
        trace_.push_back(call);
        if (++changes_ == die_at_) {
            ::kill(::getpid(), SIGKILL);
        }
    }
    about_to(call);
}

void FaultyFileSystem::about_to_sync(Call call) {
    about_to_change(call);
    const std::lock_guard lock(mutex_);
    ++syncs_;
    if (syncs_fail_from_ != 0 && syncs_ >= syncs_fail_from_) {
        throw Error(ErrorCode::sync_failed, "a sync that the test lets fail");
    }
}

Handle FaultyFileSystem::open_root(const std::string& path) {
    return real_.open_root(path);
}

Handle FaultyFileSystem::open_directory(const Handle& at, std::string_view path) {
    return real_.open_directory(at, path);
}

std::vector<storage::DirectoryItem> FaultyFileSystem::list(const Handle& directory) {
    return real_.list(directory);
}

void FaultyFileSystem::make_directory(const Handle& at, std::string_view path, std::uint32_t mode) {
    about_to_change(Call::make_directory);
    real_.make_directory(at, path, mode);
}

void FaultyFileSystem::remove_directory(const Handle& at, std::string_view path) {
    about_to_change(Call::remove_directory);
    real_.remove_directory(at, path);
}

std::optional<storage::FileStatus> FaultyFileSystem::status(const Handle& at,
                                                            std::string_view path) {
    about_to(Call::status);
    return real_.status(at, path);
}

storage::FileStatus FaultyFileSystem::status(const Handle& handle) {
    return real_.status(handle);
}

void FaultyFileSystem::rename(const Handle& from_at, std::string_view from, const Handle& to_at,
                              std::string_view to) {
    about_to_change(Call::rename);
    real_.rename(from_at, from, to_at, to);
}

void FaultyFileSystem::link(const Handle& from_at, std::string_view from, const Handle& to_at,
                            std::string_view to) {
    about_to_change(Call::link);
    real_.link(from_at, from, to_at, to);
}

bool FaultyFileSystem::unlink(const Handle& at, std::string_view path) {
    about_to_change(Call::unlink);
    return real_.unlink(at, path);
}

void FaultyFileSystem::make_symlink(const Handle& at, std::string_view path,
                                    const std::string& target) {
    about_to_change(Call::make_symlink);
    real_.make_symlink(at, path, target);
}

std::string FaultyFileSystem::read_symlink(const Handle& at, std::string_view path) {
    return real_.read_symlink(at, path);
}

bool FaultyFileSystem::make_node(const Handle& at, std::string_view path, EntryType type,
                                 DeviceNumber device) {
    about_to_change(Call::make_node);
    return !refuse_rights_ && real_.make_node(at, path, type, device);
}

Handle FaultyFileSystem::open_file(const Handle& at, std::string_view path) {
    about_to(Call::open_file);
    return real_.open_file(at, path);
}

Handle FaultyFileSystem::create_file(const Handle& at, std::string_view path) {
    about_to_change(Call::create_file);
    return real_.create_file(at, path);
}

Handle FaultyFileSystem::open_append(const Handle& at, std::string_view path) {
    about_to_change(Call::create_file);
    return real_.open_append(at, path);
}

std::size_t FaultyFileSystem::read_at(const Handle& file, std::uint64_t offset,
                                      std::span<std::byte> into) {
    about_to(Call::read);
    return real_.read_at(file, offset, into);
}

void FaultyFileSystem::write_at(const Handle& file, std::uint64_t offset,
                                std::span<const std::byte> from) {
    about_to_change(Call::write);
    std::size_t fits = from.size();
    {
        const std::lock_guard lock(mutex_);
        if (room_) {
            fits = std::min<std::uint64_t>(fits, *room_);
            *room_ -= fits;
        }
    }
    real_.write_at(file, offset, from.first(fits));
    if (fits < from.size()) {
        throw Error(ErrorCode::disk_full, "the room that the test gave is used up");
    }
}

void FaultyFileSystem::truncate(const Handle& file, std::uint64_t size) {
    about_to_change(Call::truncate);
    real_.truncate(file, size);
}

bool FaultyFileSystem::set_owner(const Handle& at, std::string_view path, std::uint32_t uid,
                                 std::uint32_t gid) {
    about_to_change(Call::set_owner);
    return !refuse_rights_ && real_.set_owner(at, path, uid, gid);
}

void FaultyFileSystem::set_mode(const Handle& at, std::string_view path, std::uint32_t mode) {
    about_to_change(Call::set_mode);
    real_.set_mode(at, path, mode);
}

void FaultyFileSystem::set_mtime(const Handle& at, std::string_view path, FileTime mtime) {
    about_to_change(Call::set_mtime);
    real_.set_mtime(at, path, mtime);
}

std::map<std::string, std::string> FaultyFileSystem::read_xattrs(const Handle& at,
                                                                 std::string_view path) {
    return real_.read_xattrs(at, path);
}

bool FaultyFileSystem::set_xattrs(const Handle& at, std::string_view path,
                                  const std::map<std::string, std::string>& xattrs) {
    about_to_change(Call::set_xattrs);
    if (refuse_rights_ && !xattrs.empty()) {
        return false;
    }
    return real_.set_xattrs(at, path, xattrs);
}

// One step after the other, so that each of them can fail, and be the last.
bool FaultyFileSystem::set_metadata(const Handle& at, std::string_view path,
                                    const FileEntry& entry) {
    const storage::FileStatus before = status(at, path).value();
    const bool other_owner = before.uid != entry.uid || before.gid != entry.gid;
    bool kept = !other_owner || set_owner(at, path, entry.uid, entry.gid);
    const std::uint32_t mode = storage::mode_for(entry, kept);
    if (other_owner || before.mode != mode) {
        set_mode(at, path, mode);
    }
    kept = set_xattrs(at, path, entry.xattrs) && kept;
    if (before.mtime != entry.mtime) {
        set_mtime(at, path, entry.mtime);
    }
    return kept;
}

void FaultyFileSystem::sync_file(const Handle& file) {
    if (const auto deed = std::exchange(before_sync_, nullptr)) {
        deed();
    }
    about_to_sync(Call::sync_file);
    real_.sync_file(file);
}

void FaultyFileSystem::sync_filesystem(const Handle& anything_on_it) {
    about_to_sync(Call::sync_filesystem);
    real_.sync_filesystem(anything_on_it);
}

std::uint64_t FaultyFileSystem::free_bytes(const Handle& anything_on_it) {
    const std::lock_guard lock(mutex_);
    return room_ ? *room_ : real_.free_bytes(anything_on_it);
}

bool FaultyFileSystem::try_lock(const Handle& file) {
    return real_.try_lock(file);
}

}  // namespace farshore::test
