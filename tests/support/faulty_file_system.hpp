#pragma once
// A FileSystem that does what the real one does, until it is told to fail.
//
// The faults: a call of a kind fails once or from then on; the disk is full after so many bytes;
// syncs fail for ever; the process ends (SIGKILL) just before a changing call, as in a power cut
// that loses nothing already written. Not modelled: writes that are lost or reordered without a
// sync.

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "storage/disk/file_system.hpp"

namespace farshore::test {

class FaultyFileSystem final : public storage::FileSystem {
  public:
    enum class Call : std::uint8_t {
        status,  // of a name
        open_file,
        read,
        make_directory,
        remove_directory,
        rename,
        link,
        unlink,
        make_symlink,
        make_node,
        create_file,
        write,
        truncate,
        set_owner,
        set_mode,
        set_mtime,
        set_xattrs,
        sync_file,
        sync_filesystem,
    };

    explicit FaultyFileSystem(storage::FileSystem& real) : real_(real) {}

    // The `nth` call of the kind from now on (1: the next) throws, once.
    void fail(Call call, std::uint64_t nth, ErrorCode code);
    // From the `nth` sync of any kind on, all fail.
    void fail_syncs_from(std::uint64_t nth);
    // Writes that go beyond so many bytes from now on are disk_full, after a part was written.
    void set_room(std::uint64_t bytes);
    void clear_faults();
    // Called once, before the next sync of a file: what happens at the same time.
    void before_sync(std::function<void()> deed) { before_sync_ = std::move(deed); }
    // Ends the process before the `nth` changing call from now on. 0: never.
    void die_at_change(std::uint64_t nth) { die_at_ = nth == 0 ? 0 : changes_ + nth; }
    // Owners, nodes and xattrs are refused, as they are to a process without rights.
    void refuse_rights() { refuse_rights_ = true; }

    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    // The changing calls and syncs so far, in order.
    [[nodiscard]] const std::vector<Call>& trace() const { return trace_; }

    [[nodiscard]] storage::Handle open_root(const std::string& path) override;
    [[nodiscard]] storage::Handle open_directory(const storage::Handle& at,
                                                 std::string_view path) override;
    std::vector<storage::DirectoryItem> list(const storage::Handle& directory) override;
    void make_directory(const storage::Handle& at, std::string_view path,
                        std::uint32_t mode) override;
    void remove_directory(const storage::Handle& at, std::string_view path) override;
    [[nodiscard]] std::optional<storage::FileStatus> status(const storage::Handle& at,
                                                            std::string_view path) override;
    [[nodiscard]] storage::FileStatus status(const storage::Handle& handle) override;
    void rename(const storage::Handle& from_at, std::string_view from, const storage::Handle& to_at,
                std::string_view to) override;
    void link(const storage::Handle& from_at, std::string_view from, const storage::Handle& to_at,
              std::string_view to) override;
    bool unlink(const storage::Handle& at, std::string_view path) override;
    void make_symlink(const storage::Handle& at, std::string_view path,
                      const std::string& target) override;
    [[nodiscard]] std::string read_symlink(const storage::Handle& at,
                                           std::string_view path) override;
    bool make_node(const storage::Handle& at, std::string_view path, EntryType type,
                   DeviceNumber device) override;
    [[nodiscard]] storage::Handle open_file(const storage::Handle& at,
                                            std::string_view path) override;
    [[nodiscard]] storage::Handle create_file(const storage::Handle& at,
                                              std::string_view path) override;
    [[nodiscard]] storage::Handle open_append(const storage::Handle& at,
                                              std::string_view path) override;
    std::size_t read_at(const storage::Handle& file, std::uint64_t offset,
                        std::span<std::byte> into) override;
    void write_at(const storage::Handle& file, std::uint64_t offset,
                  std::span<const std::byte> from) override;
    void truncate(const storage::Handle& file, std::uint64_t size) override;
    bool set_owner(const storage::Handle& at, std::string_view path, std::uint32_t uid,
                   std::uint32_t gid) override;
    void set_mode(const storage::Handle& at, std::string_view path, std::uint32_t mode) override;
    void set_mtime(const storage::Handle& at, std::string_view path, FileTime mtime) override;
    [[nodiscard]] std::map<std::string, std::string> read_xattrs(const storage::Handle& at,
                                                                 std::string_view path) override;
    bool set_xattrs(const storage::Handle& at, std::string_view path,
                    const std::map<std::string, std::string>& xattrs) override;
    bool set_metadata(const storage::Handle& at, std::string_view path,
                      const FileEntry& entry) override;
    void sync_file(const storage::Handle& file) override;
    void sync_filesystem(const storage::Handle& anything_on_it) override;
    [[nodiscard]] std::uint64_t free_bytes(const storage::Handle& anything_on_it) override;
    [[nodiscard]] bool try_lock(const storage::Handle& file) override;

  private:
    void about_to(Call call);         // reading
    void about_to_change(Call call);  // counted, traced, and where the process may end
    void about_to_sync(Call call);

    storage::FileSystem& real_;
    struct Fault {
        std::uint64_t countdown;
        ErrorCode code;
    };
    std::mutex mutex_;
    std::map<Call, Fault> faults_;
    std::uint64_t syncs_ = 0;
    std::uint64_t syncs_fail_from_ = 0;
    std::optional<std::uint64_t> room_;
    std::uint64_t changes_ = 0;
    std::uint64_t die_at_ = 0;
    bool refuse_rights_ = false;
    std::function<void()> before_sync_;
    std::vector<Call> trace_;
};

}  // namespace farshore::test
