#pragma once
// The one door to the disk. Every call that reads or changes a file, ours or a user's, is one of
// these; so it can be audited, counted and made to fail on purpose
// (tests/support/faulty_file_system.hpp).
//
// Directories are held open as handles and names are given one component at a time or as a relative
// path that is resolved beneath the handle: never through a symbolic link, never out of it (openat2
// with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). So nothing that a peer sends can touch what is
// outside.
//
// Failures throw Error: disk_full for ENOSPC and EDQUOT, sync_failed for a failed
// fsync/fdatasync/syncfs, not_found for ENOENT and ENOTDIR, already_exists for EEXIST, unsafe_path
// for ELOOP and EXDEV of the resolution, io for the rest; the message names the path and the deed.
// The calls that say "if there" return a value instead of throwing not_found.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/file_entry.hpp"
#include "protocol/time.hpp"

namespace farshore::storage {

// What the kernel says about one name (statx, not following a link).
struct FileStatus {
    EntryType type = EntryType::file;
    std::uint32_t mode = 0;  // 12 bits
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint64_t size = 0;
    std::uint64_t inode = 0;
    std::uint64_t filesystem = 0;  // st_dev
    std::uint64_t links = 0;
    FileTime mtime;
    FileTime ctime;
    DeviceNumber device;

    bool operator==(const FileStatus&) const = default;
};

// A file or directory that is held open. Closed by the destructor.
class Handle {
  public:
    Handle() = default;
    explicit Handle(int descriptor) : descriptor_(descriptor) {}
    ~Handle();
    Handle(Handle&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
    Handle& operator=(Handle&& other) noexcept;

    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

struct DirectoryItem {
    std::string name;  // one component, any bytes
    EntryType type =
        EntryType::file;  // as the directory says; may be a guess: status() is the truth
    bool type_known = true;
};

// By name, a link on the way or no such file are the same: nothing of the tree is there.
[[nodiscard]] inline bool is_absence(const Error& error) {
    return error.code() == ErrorCode::not_found || error.code() == ErrorCode::unsafe_path;
}

// What mode an entry may get: a program that belongs to somebody else than on the primary must not
// lend his rights to those who run it.
[[nodiscard]] inline std::uint32_t mode_for(const FileEntry& entry, bool owner_is_kept) {
    constexpr std::uint32_t lends_rights = 06000;  // setuid, setgid
    const bool is_safe = owner_is_kept || entry.type != EntryType::file;
    return is_safe ? entry.mode : entry.mode & ~lends_rights;
}

class FileSystem {
  public:
    virtual ~FileSystem() = default;

    // --- directories. `path` absolute or relative to the process: for our own state and tree
    // roots. Follows links in `path` except the last component.
    [[nodiscard]] virtual Handle open_root(const std::string& path) = 0;
    [[nodiscard]] virtual Handle open_directory(const Handle& at, std::string_view path) = 0;
    // Every name but "." and "..", in no order.
    virtual std::vector<DirectoryItem> list(const Handle& directory) = 0;
    // The mode is less the process's umask.
    virtual void make_directory(const Handle& at, std::string_view path, std::uint32_t mode) = 0;
    virtual void remove_directory(const Handle& at, std::string_view path) = 0;

    // --- names
    [[nodiscard]] virtual std::optional<FileStatus> status(const Handle& at,
                                                           std::string_view path) = 0;
    [[nodiscard]] virtual FileStatus status(const Handle& handle) = 0;
    // Replaces what `to` names (unless it is a directory). Both beneath the same filesystem.
    virtual void rename(const Handle& from_at, std::string_view from, const Handle& to_at,
                        std::string_view to) = 0;
    virtual void link(const Handle& from_at, std::string_view from, const Handle& to_at,
                      std::string_view to) = 0;
    // Returns false when there was nothing.
    virtual bool unlink(const Handle& at, std::string_view path) = 0;
    virtual void make_symlink(const Handle& at, std::string_view path,
                              const std::string& target) = 0;
    [[nodiscard]] virtual std::string read_symlink(const Handle& at, std::string_view path) = 0;
    // fifo, socket or device, mode 0600. Returns false when this process may not make one.
    virtual bool make_node(const Handle& at, std::string_view path, EntryType type,
                           DeviceNumber device) = 0;

    // --- content. open_file: for reading, without touching atime where that is allowed; never
    // blocks on a fifo; refuses what is not a regular file with unsafe_path.
    [[nodiscard]] virtual Handle open_file(const Handle& at, std::string_view path) = 0;
    // A new file, mode 0600, for reading and writing; already_exists when there is one.
    [[nodiscard]] virtual Handle create_file(const Handle& at, std::string_view path) = 0;
    // One of our own files, for reading and writing; makes it (0600) when missing. Appending is
    // write_at() at its size: the caller knows that.
    [[nodiscard]] virtual Handle open_append(const Handle& at, std::string_view path) = 0;
    // Bytes read, 0 at the end; less than asked for only at the end.
    virtual std::size_t read_at(const Handle& file, std::uint64_t offset,
                                std::span<std::byte> into) = 0;
    virtual void write_at(const Handle& file, std::uint64_t offset,
                          std::span<const std::byte> from) = 0;
    virtual void truncate(const Handle& file, std::uint64_t size) = 0;

    // --- metadata, of names (links are not followed). Changing the owner may clear mode bits and
    // capabilities: owner first, then mode, then xattrs, mtime last. Those that return bool return
    // false when this process may not or the filesystem cannot.
    virtual bool set_owner(const Handle& at, std::string_view path, std::uint32_t uid,
                           std::uint32_t gid) = 0;
    // A symbolic link has no mode: nothing happens to one.
    virtual void set_mode(const Handle& at, std::string_view path, std::uint32_t mode) = 0;
    virtual void set_mtime(const Handle& at, std::string_view path, FileTime mtime) = 0;
    // Those that belong to the file and not to the host: user.*, trusted.*, security.capability and
    // POSIX ACLs. Empty where the filesystem has none.
    [[nodiscard]] virtual std::map<std::string, std::string> read_xattrs(const Handle& at,
                                                                         std::string_view path) = 0;
    // Makes the xattrs of `path` exactly these.
    virtual bool set_xattrs(const Handle& at, std::string_view path,
                            const std::map<std::string, std::string>& xattrs) = 0;

    // Owner, mode (mode_for()), xattrs and mtime of a regular file or a directory, where they
    // differ from the entry's, in that order; false when something can't be kept. For a file that
    // is not ours to open it is the four calls above.
    virtual bool set_metadata(const Handle& at, std::string_view path, const FileEntry& entry) = 0;

    // --- durability. Each returns only when the kernel says so; throws sync_failed otherwise, and
    // then the process must leave: nobody knows what is on the disk.
    virtual void sync_file(const Handle& file) = 0;  // fdatasync or fsync of a directory
    // syncfs. Only a handle that was opened before the writes can tell of their failure.
    virtual void sync_filesystem(const Handle& anything_on_it) = 0;
    // What this process may still write there.
    [[nodiscard]] virtual std::uint64_t free_bytes(const Handle& anything_on_it) = 0;
    // An exclusive lock, held until the handle is closed; false when somebody else has it.
    [[nodiscard]] virtual bool try_lock(const Handle& file) = 0;
};

}  // namespace farshore::storage
