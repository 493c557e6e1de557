#pragma once
// Content that came for one tree, by the SHA-256 of it, in ROOT/.farshore/staging: on the replica's
// own filesystem, so that it is put in place by a rename.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "agent/secondary/files/begun_contents.hpp"
#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::secondary {

// Invariants: has() is said only of whole content; after a crash of the process a small one under a
// staged name is believed only when it was read, after one of the host any; nothing is durable
// before sync(). Thread-safe. A call
// that throws disk_full has changed nothing and can be made again.
class Staging {
  public:
    using Needed = std::function<bool(const Digest&)>;

    // `root` is held open by the caller for as long as this lives: since before the first write, or
    // sync() could not tell of failures. Keeps what an earlier process staged and `needed` asks
    // for; removes the rest. `is_same_boot`: the host has not gone down since, or may have, and
    // then a name says nothing of what the disk has behind it: every content is read.
    Staging(storage::FileSystem& files, const storage::Handle& root, const Needed& needed,
            bool is_same_boot = false);

    // A large file that comes in pieces. Its end without end() keeps what came, as a beginning
    // that nobody trusts (BegunContents).
    class Transfer {
      public:
        ~Transfer();
        Transfer(const Transfer&) = delete;
        Transfer& operator=(const Transfer&) = delete;

        void data(std::string_view piece);
        // The same of what lies at this place already (file()): it is only read.
        void data_in_place(std::string_view piece);
        // Throws bad_checksum unless exactly that came; what came is dropped then.
        void end(std::uint64_t size, const Digest& sha256);

        // To read what an earlier try left: found() bytes, of which those beyond size() are as they
        // were.
        [[nodiscard]] const storage::Handle& file() const { return file_; }
        [[nodiscard]] std::uint64_t found() const { return found_; }
        [[nodiscard]] std::uint64_t size() const { return size_; }

      private:
        friend class Staging;
        Transfer(Staging& staging, const std::string& path, bool go_on);
        void write(std::string_view piece);
        void drop();

        Staging& staging_;
        const Digest path_;
        bool claimed_ = false;  // name_ is the beginning of path_, and nobody else's meanwhile
        std::string name_;
        storage::Handle file_;
        std::uint64_t found_ = 0;
        std::uint64_t size_ = 0;
        struct Hash;
        std::unique_ptr<Hash> hash_;
    };

    // --- in
    // Throws bad_checksum when `content` is something else.
    void put_whole(const Digest& sha256, std::string_view content);
    // For the file at `path`. Throws disk_full at once when `expected_size` is more than there is
    // room for. `go_on`: over what an earlier try left, which must be compared before it counts.
    [[nodiscard]] std::unique_ptr<Transfer> begin(const std::string& path,
                                                  std::uint64_t expected_size, bool go_on);
    [[nodiscard]] BegunContents& begun() { return begun_; }
    // A recipe led to something else: the next try of this content is to come whole.
    void distrust_recipe(const Digest& sha256);
    [[nodiscard]] bool trusts_recipe(const Digest& sha256) const;
    // From a file of the replica; false when it is not there or holds something else.
    bool stage_copy(std::string_view path, const Digest& sha256);
    // The same without reading: the caller knows that `path` holds the content. The staged file and
    // `path` are one inode until one of them goes.
    bool stage_link(std::string_view path, const Digest& sha256);

    [[nodiscard]] bool has(const Digest& sha256) const;
    [[nodiscard]] std::size_t count() const;

    // --- out
    enum class Take : std::uint8_t { taken, absent, kept };
    // The last use of a content: `move` gets its name and renames it away (Take::taken). When
    // `keep` (asked first, with the name and its status) says that it must stay, Take::kept and
    // nothing was done: use copy(). Between the two nobody is told that the content is staged.
    using Keep = std::function<bool(const std::string&, const storage::FileStatus&)>;
    Take take(const Digest& sha256, const Keep& keep,
              const std::function<void(const std::string&)>& move);
    // A copy under an unfinished name, for the caller to move into place. Throws bad_checksum when
    // the staged file is not what it was; it is dropped then.
    [[nodiscard]] std::string copy(const Digest& sha256);
    // The same of a file of the replica; empty when it holds something else.
    [[nodiscard]] std::string copy_from(std::string_view path, const Digest& sha256);
    // A name in staging that nobody has.
    [[nodiscard]] std::string unfinished_name();

    // --- durability and order
    // When it returns everything that was staged before is durable. Throws not_found when the
    // directory had been removed: nothing is staged then.
    void sync();
    // Makes the directory anew when somebody removed it, with what was staged: true then.
    bool restore_directory();
    // A cut begins to be told: what came some cuts ago and nobody asks for was never meant for us.
    void begin_cut();
    // Removes content that came several cuts ago and is not `needed`.
    void release_unneeded(const Needed& needed);

  private:
    void prepare_directory();
    void recover(const Needed& needed, bool is_same_boot);
    [[nodiscard]] bool is_whole(const Digest& sha256, bool is_same_boot);
    void write_small(const storage::Handle& at, std::string_view name, std::string_view content);
    void put_beside(const Digest& sha256, std::string_view content);
    void note_arrival(const Digest& sha256);
    bool refresh(const Digest& sha256);
    void adopt(const std::string& name, const Digest& sha256);
    void drop(const Digest& sha256);

    storage::FileSystem& files_;
    const storage::Handle& root_;
    std::atomic<std::uint64_t> next_number_{0};
    BegunContents begun_;
    mutable std::mutex mutex_;  // of everything below, and of each staged name's coming and going
    std::shared_ptr<const storage::Handle>
        directory_;  // ROOT/.farshore/staging; made anew when lost
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept;
    };
    std::unordered_map<Digest, std::uint64_t, DigestHash> staged_;  // -> the generation it came in
    // Being written under their staged names; whoever takes one out of here says what becomes of
    // it.
    std::unordered_set<Digest, DigestHash> writing_;
    struct Arrival {
        std::uint64_t generation;
        Digest sha256;
    };
    std::deque<Arrival> arrivals_;
    std::uint64_t generation_ = 0;
    std::set<Digest> distrusted_;
};

}  // namespace farshore::secondary
