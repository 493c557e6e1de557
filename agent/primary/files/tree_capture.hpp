#pragma once
// Looks at paths, one cut at a time, and says what the index has to learn.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/primary/files/content_sink.hpp"
#include "agent/primary/files/deletion_guard.hpp"
#include "agent/primary/files/dirty_set.hpp"
#include "agent/primary/files/exclude_patterns.hpp"
#include "agent/primary/files/file_reader.hpp"
#include "agent/primary/files/link_census.hpp"
#include "agent/primary/files/transfer_pool.hpp"
#include "agent/primary/files/tree_cut.hpp"
#include "agent/primary/files/tree_scanner.hpp"
#include "agent/primary/files/uncovered_paths.hpp"
#include "storage/disk/last_directory.hpp"
#include "storage/state/held_deletions.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

struct TreeCaptureParts {
    storage::FileSystem& files;
    storage::PrimaryState& state;
    ContentSink& sink;
    Clock& clock;
    const ExcludePatterns& excluded;
    const ExcludePatterns& append_only;
    DirtySet& dirty;
    UncoveredPaths& uncovered;
    LinkCensus& links;
    TransferPool& transfers;
    DeletionGuard& guard;
    storage::HeldDeletions& held;
    // What the filters excluded before they changed; null: they did not.
    const ExcludePatterns* excluded_before = nullptr;
    bool has_held = true;  // something of this tree is held: worth asking
};

// Invariants: within a cut each path is looked at once; what could not be finished stays in the
// dirty set or is in the transfer pool; an entry is put only when its parent directory is in the
// index or put too. begin(), then any of the others, end().
class TreeCapture {
  public:
    TreeCapture(SourceName tree, const TreeCaptureParts& parts)
        : tree_(std::move(tree)), parts_(parts), places_(parts.files) {}

    void begin(const storage::Handle& root, const CutInput& input, TreeCut& cut);
    // From here on; not within a cut.
    void set_held(bool has_held, const ExcludePatterns* excluded_before) {
        parts_.has_held = has_held;
        parts_.excluded_before = excluded_before;
    }
    void take_transfers();
    void look_at_dirty();
    // Goes on with the scan until `until`; true when it is over.
    [[nodiscard]] bool scan(TreeScanner& scanner, BootTime until);
    void end();

  private:
    // What one cut holds at most: so that its memory and its commit stay small.
    static constexpr std::size_t most_puts = 50'000;
    static constexpr std::size_t most_removals = 100'000;

    using Row = std::optional<storage::CapturedEntry>;

    void wait_for_room(BootTime until);
    void look_at(const std::string& path);
    void look_at_excluded(const std::string& path, const Row& before);
    void look_at_absent(const std::string& path, const Row& before);
    void look_at_present(const std::string& path, const storage::FileStatus& status,
                         const Row& before);
    void look_at_file(const std::string& path, const storage::FileStatus& status,
                      const Row& before);
    void look_at_siblings();
    [[nodiscard]] bool is_trusted(const std::string& path, const storage::FileStatus& status,
                                  const storage::CapturedEntry& before) const;
    [[nodiscard]] bool is_unchanged(const TreeScanner::Found& found);
    void take_as_it_was(const std::string& path, const storage::FileStatus& status);
    [[nodiscard]] std::optional<storage::FileStatus> status_of(const std::string& path);
    [[nodiscard]] bool is_hidden(const std::string& path) const;
    [[nodiscard]] bool mount_changed(const std::string& path, const storage::FileStatus& status,
                                     const storage::CapturedEntry& before);

    [[nodiscard]] bool read_small(const std::string& path, const Row& before);
    void transfer(const std::string& path, const storage::FileStatus& status, const Row& before);
    void take_transfer(const FinishedTransfer& finished);
    void put_transferred(const FinishedTransfer& finished, const storage::FileStatus& status);
    void look_behind(const FinishedTransfer& finished);
    [[nodiscard]] std::optional<Digest> known_content(const storage::FileStatus& status,
                                                      const Row& before) const;
    [[nodiscard]] std::vector<std::string> replaced_by(const std::string& path) const;
    [[nodiscard]] std::optional<Digest> content_of_sibling(const storage::FileStatus& status);
    [[nodiscard]] std::vector<std::string> other_names(const std::string& path,
                                                       const storage::FileStatus& status) const;
    void push(const Digest& sha256, std::string_view content, const Row& before);

    void put(const std::string& path, const storage::FileStatus& status, const Row& before,
             const std::optional<Digest>& sha256, std::uint64_t size, bool settled);
    [[nodiscard]] FileEntry describe(const std::string& path, const storage::FileStatus& status);
    [[nodiscard]] bool has_parent(const std::string& path);
    void note_siblings(const storage::StatIdentity& identity, const std::string& path,
                       const std::optional<storage::StatIdentity>& now);
    void let_go_if_held(const std::string& path);

    // Removals: all that is gone, and what becomes of it in this cut.
    struct Going {
        std::vector<storage::CapturedEntry> rows;
        std::unordered_set<std::string> paths;
        std::unordered_set<std::string> keeping;  // directories with something that stays for now
        std::unordered_set<std::string> holding;  // directories with something that is held
        // Files of several names -> whether one of those stays.
        std::map<std::tuple<std::uint64_t, std::uint64_t, std::optional<Digest>>, bool> names;
        void add(const storage::CapturedEntry& row);
    };
    enum class Fate : std::uint8_t { gone, deleted, waits, held, to_hold };
    void remove_absent();
    void gather(const std::string& path, Going& going);
    [[nodiscard]] bool gather_below(const std::string& path, Going& going);
    [[nodiscard]] bool has_name_that_stays(const storage::CapturedEntry& row, const Going& going);
    [[nodiscard]] bool lives_on(const storage::CapturedEntry& row, Going& going);
    [[nodiscard]] Fate fate_of(const storage::CapturedEntry& row, Going& going);
    void judge(Going& going, BootTime now);
    void meet(Fate fate, const storage::CapturedEntry& row, Going& going);
    void hold(const std::string& path);
    void put_replaced(const std::string& path, const Going& going);
    [[nodiscard]] bool below_is_gone(const std::string& path);
    static void add_parents(std::string_view path, std::unordered_set<std::string>& into);
    [[nodiscard]] bool is_moving(const storage::CapturedEntry& row) const;
    void remove(const storage::CapturedEntry& row);
    void refuse(const std::string& path, const std::string& reason);
    void look_again(const std::string& path);
    [[nodiscard]] bool is_over() const;

    SourceName tree_;
    TreeCaptureParts parts_;
    const storage::Handle* root_ = nullptr;
    storage::LastDirectory places_;
    std::string good_parent_;  // a directory that is in the index and stays; empty: none
    CutInput input_;
    TreeCut* cut_ = nullptr;
    std::unordered_set<std::string> looked_at_;
    std::unordered_set<std::string> put_;
    std::unordered_set<std::string> removed_;
    std::unordered_set<std::string> pushed_;  // by the digest's bytes
    std::vector<std::string> siblings_;
    // Files whose other names were put there: each once, or 10,000 names ask for 10,000 each.
    std::set<std::pair<std::uint64_t, std::uint64_t>> noted_;
    std::vector<std::string> absent_;           // to be removed when everything else was looked at
    std::unordered_set<std::string> replaced_;  // of those: another type is there
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> put_inodes_;  // -> of the puts
    // What was read of files with several names.
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::pair<storage::StatIdentity, Digest>>
        linked_;
};

}  // namespace farshore::primary
