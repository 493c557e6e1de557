#pragma once
// The only source file with file system calls: FileSystem by the Linux kernel.

#include "storage/disk/file_system.hpp"

namespace farshore::storage {

// Holds no state: one instance serves all threads.
class PosixFileSystem final : public FileSystem {
  public:
    [[nodiscard]] Handle open_root(const std::string& path) override;
    [[nodiscard]] Handle open_directory(const Handle& at, std::string_view path) override;
    std::vector<DirectoryItem> list(const Handle& directory) override;
    void make_directory(const Handle& at, std::string_view path, std::uint32_t mode) override;
    void remove_directory(const Handle& at, std::string_view path) override;

    [[nodiscard]] std::optional<FileStatus> status(const Handle& at,
                                                   std::string_view path) override;
    [[nodiscard]] FileStatus status(const Handle& handle) override;
    void rename(const Handle& from_at, std::string_view from, const Handle& to_at,
                std::string_view to) override;
    void link(const Handle& from_at, std::string_view from, const Handle& to_at,
              std::string_view to) override;
    bool unlink(const Handle& at, std::string_view path) override;
    void make_symlink(const Handle& at, std::string_view path, const std::string& target) override;
    [[nodiscard]] std::string read_symlink(const Handle& at, std::string_view path) override;
    bool make_node(const Handle& at, std::string_view path, EntryType type,
                   DeviceNumber device) override;

    [[nodiscard]] Handle open_file(const Handle& at, std::string_view path) override;
    [[nodiscard]] Handle create_file(const Handle& at, std::string_view path) override;
    [[nodiscard]] Handle open_append(const Handle& at, std::string_view path) override;
    std::size_t read_at(const Handle& file, std::uint64_t offset,
                        std::span<std::byte> into) override;
    void write_at(const Handle& file, std::uint64_t offset,
                  std::span<const std::byte> from) override;
    void truncate(const Handle& file, std::uint64_t size) override;

    bool set_owner(const Handle& at, std::string_view path, std::uint32_t uid,
                   std::uint32_t gid) override;
    void set_mode(const Handle& at, std::string_view path, std::uint32_t mode) override;
    void set_mtime(const Handle& at, std::string_view path, FileTime mtime) override;
    [[nodiscard]] std::map<std::string, std::string> read_xattrs(const Handle& at,
                                                                 std::string_view path) override;
    bool set_xattrs(const Handle& at, std::string_view path,
                    const std::map<std::string, std::string>& xattrs) override;
    bool set_metadata(const Handle& at, std::string_view path, const FileEntry& entry) override;

    void sync_file(const Handle& file) override;
    void sync_filesystem(const Handle& anything_on_it) override;
    [[nodiscard]] std::uint64_t free_bytes(const Handle& anything_on_it) override;
    [[nodiscard]] bool try_lock(const Handle& file) override;
};

}  // namespace farshore::storage
