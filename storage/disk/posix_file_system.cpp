#include "storage/disk/posix_file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "storage/disk/posix_path.hpp"
#include "storage/disk/posix_xattrs.hpp"

namespace farshore::storage {

namespace {

constexpr std::uint32_t mode_bits = 07777;
constexpr std::uint32_t private_mode = 0600;

// For messages about what is only known by its handle.
std::string name_of(const Handle& handle) {
    std::string name(4096, '\0');
    const ssize_t length = ::readlink(proc_name(handle).c_str(), name.data(), name.size());
    name.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    return name;
}

[[noreturn]] void throw_of_handle(int cause, std::string_view deed, const Handle& handle) {
    throw_errno(cause, deed, name_of(handle));
}

EntryType type_of_mode(std::uint32_t mode) {
    switch (mode & S_IFMT) {
        case S_IFDIR:
            return EntryType::directory;
        case S_IFLNK:
            return EntryType::symlink;
        case S_IFIFO:
            return EntryType::fifo;
        case S_IFSOCK:
            return EntryType::socket;
        case S_IFCHR:
        case S_IFBLK:
            return EntryType::device;
        default:
            return EntryType::file;
    }
}

DirectoryItem item_of(const dirent& entry) {
    DirectoryItem item;
    item.name = entry.d_name;
    item.type_known = entry.d_type != DT_UNKNOWN;
    item.type = type_of_mode(static_cast<std::uint32_t>(DTTOIF(entry.d_type)));
    return item;
}

FileStatus status_of(const struct statx& from) {
    FileStatus to;
    to.type = type_of_mode(from.stx_mode);
    to.mode = from.stx_mode & mode_bits;
    to.uid = from.stx_uid;
    to.gid = from.stx_gid;
    to.size = from.stx_size;
    to.inode = from.stx_ino;
    to.filesystem = makedev(from.stx_dev_major, from.stx_dev_minor);
    to.links = from.stx_nlink;
    to.mtime = {from.stx_mtime.tv_sec, from.stx_mtime.tv_nsec};
    to.ctime = {from.stx_ctime.tv_sec, from.stx_ctime.tv_nsec};
    if (to.type == EntryType::device) {
        to.device = {(from.stx_mode & S_IFMT) == S_IFBLK, from.stx_rdev_major, from.stx_rdev_minor};
    }
    return to;
}

// Reading leaves atime alone where the kernel lets us (our own files, or root).
int open_for_reading(const Handle& at, std::string_view path, int flags, std::string_view deed) {
    int descriptor = open_beneath(at, path, flags | O_RDONLY | O_NOATIME, 0, deed);
    if (descriptor < 0 && errno == EPERM) {
        descriptor = open_beneath(at, path, flags | O_RDONLY, 0, deed);
    }
    return descriptor;
}

}  // namespace

Handle::~Handle() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Handle& Handle::operator=(Handle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

Handle PosixFileSystem::open_root(const std::string& path) {
    Handle root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root.is_open()) {
        throw_errno(errno, "open the directory", path);
    }
    return root;
}

Handle PosixFileSystem::open_directory(const Handle& at, std::string_view path) {
    Handle directory(open_for_reading(at, path, O_DIRECTORY, "open the directory"));
    if (!directory.is_open() && errno == EACCES) {
        // Not to be listed, but what is in it can be reached by name.
        directory = Handle(open_beneath(at, path, O_PATH | O_DIRECTORY, 0, "open the directory"));
    }
    if (!directory.is_open()) {
        throw_errno(errno, "open the directory", path);
    }
    return directory;
}

std::vector<DirectoryItem> PosixFileSystem::list(const Handle& directory) {
    // Opened anew: the position within a listing belongs to the descriptor.
    int descriptor =
        ::openat(directory.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOATIME);
    if (descriptor < 0 && errno == EPERM) {
        descriptor = ::openat(directory.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    DIR* const stream = descriptor < 0 ? nullptr : ::fdopendir(descriptor);
    if (stream == nullptr) {
        throw_of_handle(errno, "list", directory);
    }
    std::vector<DirectoryItem> items;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            items.push_back(item_of(*entry));
        }
        errno = 0;
    }
    const int cause = errno;
    ::closedir(stream);
    if (cause != 0) {
        throw_of_handle(cause, "list", directory);
    }
    return items;
}

void PosixFileSystem::make_directory(const Handle& at, std::string_view path, std::uint32_t mode) {
    constexpr auto deed = "make the directory";
    const Located place(at, path, deed);
    if (::mkdirat(place.directory(), place.name(), mode) != 0) {
        throw_errno(errno, deed, path);
    }
}

void PosixFileSystem::remove_directory(const Handle& at, std::string_view path) {
    constexpr auto deed = "remove the directory";
    const Located place(at, path, deed);
    if (::unlinkat(place.directory(), place.name(), AT_REMOVEDIR) != 0) {
        throw_errno(errno, deed, path);
    }
}

std::optional<FileStatus> PosixFileSystem::status(const Handle& at, std::string_view path) {
    constexpr auto deed = "look at";
    try {
        const Located place(at, path, deed);
        struct statx found {};
        if (::statx(place.directory(), place.name(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
                    STATX_BASIC_STATS, &found) == 0) {
            return status_of(found);
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) {
            throw;
        }
        return std::nullopt;
    }
    if (errno != ENOENT && errno != ENOTDIR) {
        throw_errno(errno, deed, path);
    }
    return std::nullopt;
}

FileStatus PosixFileSystem::status(const Handle& handle) {
    struct statx found {};
    if (::statx(handle.descriptor(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &found) != 0) {
        throw_of_handle(errno, "look at", handle);
    }
    return status_of(found);
}

void PosixFileSystem::rename(const Handle& from_at, std::string_view from, const Handle& to_at,
                             std::string_view to) {
    const std::string deed = "rename " + std::string(from) + " to";
    const Located source(from_at, from, deed);
    const Located target(to_at, to, deed);
    if (::renameat(source.directory(), source.name(), target.directory(), target.name()) != 0) {
        throw_errno(errno, deed, to);
    }
}

void PosixFileSystem::link(const Handle& from_at, std::string_view from, const Handle& to_at,
                           std::string_view to) {
    const std::string deed = "link " + std::string(from) + " to";
    const Located source(from_at, from, deed);
    const Located target(to_at, to, deed);
    if (::linkat(source.directory(), source.name(), target.directory(), target.name(), 0) != 0) {
        throw_errno(errno, deed, to);
    }
}

bool PosixFileSystem::unlink(const Handle& at, std::string_view path) {
    constexpr auto deed = "remove";
    try {
        const Located place(at, path, deed);
        if (::unlinkat(place.directory(), place.name(), 0) == 0) {
            return true;
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) {
            throw;
        }
        return false;
    }
    if (errno != ENOENT) {
        throw_errno(errno, deed, path);
    }
    return false;
}

void PosixFileSystem::make_symlink(const Handle& at, std::string_view path,
                                   const std::string& target) {
    constexpr auto deed = "make the symbolic link";
    const Located place(at, path, deed);
    if (::symlinkat(target.c_str(), place.directory(), place.name()) != 0) {
        throw_errno(errno, deed, path);
    }
}

std::string PosixFileSystem::read_symlink(const Handle& at, std::string_view path) {
    constexpr auto deed = "read the symbolic link";
    const Located place(at, path, deed);
    std::string target(4096 + 1, '\0');  // longer ones can't be made
    const ssize_t length =
        ::readlinkat(place.directory(), place.name(), target.data(), target.size());
    if (length < 0) {
        throw_errno(errno, deed, path);
    }
    target.resize(static_cast<std::size_t>(length));
    return target;
}

bool PosixFileSystem::make_node(const Handle& at, std::string_view path, EntryType type,
                                DeviceNumber device) {
    constexpr auto deed = "make the node";
    const Located place(at, path, deed);
    FARSHORE_ASSERT(type == EntryType::fifo || type == EntryType::socket ||
                    type == EntryType::device);
    const std::uint32_t device_kind = device.block ? S_IFBLK : S_IFCHR;
    const std::uint32_t kind = type == EntryType::fifo     ? S_IFIFO
                               : type == EntryType::socket ? S_IFSOCK
                                                           : device_kind;
    if (::mknodat(place.directory(), place.name(), kind | private_mode,
                  makedev(device.major, device.minor)) == 0) {
        return true;
    }
    if (!is_refusal(errno)) {
        throw_errno(errno, deed, path);
    }
    return false;
}

Handle PosixFileSystem::open_file(const Handle& at, std::string_view path) {
    constexpr auto deed = "read";
    Handle file(open_for_reading(at, path, O_NONBLOCK | O_NOCTTY, deed));
    if (!file.is_open()) {
        throw_errno(errno == ENXIO ? ELOOP : errno, deed, path);
    }
    if (status(file).type != EntryType::file) {
        throw Error(ErrorCode::unsafe_path,
                    "cannot read " + std::string(path) + ": not a regular file");
    }
    return file;
}

Handle PosixFileSystem::create_file(const Handle& at, std::string_view path) {
    constexpr auto deed = "create";
    Handle file(open_beneath(at, path, O_RDWR | O_CREAT | O_EXCL, private_mode, deed));
    if (!file.is_open()) {
        throw_errno(errno, deed, path);
    }
    return file;
}

Handle PosixFileSystem::open_append(const Handle& at, std::string_view path) {
    constexpr auto deed = "open";
    Handle file(open_beneath(at, path, O_RDWR | O_CREAT | O_NONBLOCK, private_mode, deed));
    if (!file.is_open()) {
        throw_errno(errno, deed, path);
    }
    return file;
}

std::size_t PosixFileSystem::read_at(const Handle& file, std::uint64_t offset,
                                     std::span<std::byte> into) {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t got = ::pread(file.descriptor(), into.data() + done, into.size() - done,
                                    static_cast<off_t>(offset + done));
        if (got == 0) {
            break;
        }
        if (got > 0) {
            done += static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            throw_of_handle(errno, "read", file);
        }
    }
    return done;
}

void PosixFileSystem::write_at(const Handle& file, std::uint64_t offset,
                               std::span<const std::byte> from) {
    std::size_t done = 0;
    while (done < from.size()) {
        const ssize_t put = ::pwrite(file.descriptor(), from.data() + done, from.size() - done,
                                     static_cast<off_t>(offset + done));
        if (put >= 0) {
            done += static_cast<std::size_t>(put);
        } else if (errno != EINTR) {
            throw_of_handle(errno, "write", file);
        }
    }
}

void PosixFileSystem::truncate(const Handle& file, std::uint64_t size) {
    while (::ftruncate(file.descriptor(), static_cast<off_t>(size)) != 0) {
        if (errno != EINTR) {
            throw_of_handle(errno, "set the size of", file);
        }
    }
}

bool PosixFileSystem::set_owner(const Handle& at, std::string_view path, std::uint32_t uid,
                                std::uint32_t gid) {
    constexpr auto deed = "set the owner of";
    const Located place(at, path, deed);
    if (::fchownat(place.directory(), place.name(), uid, gid, AT_SYMLINK_NOFOLLOW) == 0) {
        return true;
    }
    if (!is_refusal(errno)) {
        throw_errno(errno, deed, path);
    }
    return false;
}

void PosixFileSystem::set_mode(const Handle& at, std::string_view path, std::uint32_t mode) {
    constexpr auto deed = "set the mode of";
    const Handle thing = open_thing(at, path, deed);
    if (status(thing).type == EntryType::symlink) {
        return;
    }
    if (::chmod(proc_name(thing).c_str(), mode) != 0) {
        throw_errno(errno, deed, path);
    }
}

void PosixFileSystem::set_mtime(const Handle& at, std::string_view path, FileTime mtime) {
    constexpr auto deed = "set the time of";
    const Located place(at, path, deed);
    const timespec times[2] = {{0, UTIME_OMIT}, {mtime.seconds, mtime.nanoseconds}};
    if (::utimensat(place.directory(), place.name(), times, AT_SYMLINK_NOFOLLOW) != 0) {
        throw_errno(errno, deed, path);
    }
}

std::map<std::string, std::string> PosixFileSystem::read_xattrs(const Handle& at,
                                                                std::string_view path) {
    constexpr auto deed = "read the xattrs of";
    // Most things have none, and that is told without opening them.
    if (has_none(Located(at, path, deed))) {
        return {};
    }
    return xattrs_of(open_thing(at, path, deed), path);
}

bool PosixFileSystem::set_xattrs(const Handle& at, std::string_view path,
                                 const std::map<std::string, std::string>& xattrs) {
    return replace_xattrs(open_thing(at, path, "set the xattrs of"), path, xattrs);
}

bool PosixFileSystem::set_metadata(const Handle& at, std::string_view path,
                                   const FileEntry& entry) {
    constexpr auto deed = "set the metadata of";
    const bool directory = entry.type == EntryType::directory;
    FARSHORE_ASSERT(directory || entry.type == EntryType::file);
    const Handle thing(open_beneath(
        at, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | (directory ? O_DIRECTORY : 0), 0, deed));
    if (!thing.is_open() && errno == EACCES) {
        const bool kept = set_owner(at, path, entry.uid, entry.gid);
        set_mode(at, path, mode_for(entry, kept));
        const bool all = set_xattrs(at, path, entry.xattrs) && kept;
        set_mtime(at, path, entry.mtime);
        return all;
    }
    if (!thing.is_open()) {
        throw_errno(errno, deed, path);
    }
    const FileStatus before = status(thing);
    if (before.type != entry.type) {
        throw_errno(ELOOP, deed, path);
    }
    const int file = thing.descriptor();
    const bool other_owner = before.uid != entry.uid || before.gid != entry.gid;
    const bool refused = other_owner && ::fchown(file, entry.uid, entry.gid) != 0;
    if (refused && !is_refusal(errno)) {
        throw_errno(errno, deed, path);
    }
    const std::uint32_t mode = mode_for(entry, !refused);
    if ((other_owner || before.mode != mode) && ::fchmod(file, mode) != 0) {
        throw_errno(errno, deed, path);
    }
    const bool kept = replace_xattrs(thing, path, entry.xattrs) && !refused;
    const timespec times[2] = {{0, UTIME_OMIT}, {entry.mtime.seconds, entry.mtime.nanoseconds}};
    if (before.mtime != entry.mtime && ::futimens(file, times) != 0) {
        throw_errno(errno, deed, path);
    }
    return kept;
}

void PosixFileSystem::sync_file(const Handle& file) {
    const bool directory = status(file).type == EntryType::directory;
    if ((directory ? ::fsync(file.descriptor()) : ::fdatasync(file.descriptor())) != 0) {
        const int cause = errno;
        throw Error(ErrorCode::sync_failed,
                    "cannot sync " + name_of(file) + ": " + std::generic_category().message(cause));
    }
}

void PosixFileSystem::sync_filesystem(const Handle& anything_on_it) {
    if (::syncfs(anything_on_it.descriptor()) != 0) {
        const int cause = errno;
        throw Error(ErrorCode::sync_failed, "cannot sync the filesystem of " +
                                                name_of(anything_on_it) + ": " +
                                                std::generic_category().message(cause));
    }
}

std::uint64_t PosixFileSystem::free_bytes(const Handle& anything_on_it) {
    struct statvfs figures {};
    if (::fstatvfs(anything_on_it.descriptor(), &figures) != 0) {
        throw_of_handle(errno, "ask for the free space of", anything_on_it);
    }
    return static_cast<std::uint64_t>(figures.f_bavail) * figures.f_frsize;
}

bool PosixFileSystem::try_lock(const Handle& file) {
    while (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return false;
        }
        if (errno != EINTR) {
            throw_of_handle(errno, "lock", file);
        }
    }
    return true;
}

}  // namespace farshore::storage
