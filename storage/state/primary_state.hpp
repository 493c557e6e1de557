#pragma once
// What the primary remembers: the index of its trees, the cuts and marks it has committed, and how
// far each secondary is known to be. One SQLite file; every thread that needs it opens one of
// these.

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/file_entry.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "storage/state/captured_entry.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

// The newest committed cut and mark; zero where there is none yet.
struct CutStanding {
    Epoch epoch;
    CutNumber cut;
    MarkNumber mark;
};

// A tree as the index has it.
struct CapturedTotals {
    Digest digest;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;  // of files
};

// What is remembered of a tree's root and scans.
struct TreeStanding {
    CapturedTotals totals;
    std::optional<std::string> marker_id;  // of the marker we put there
    std::uint64_t root_filesystem = 0;
    std::uint64_t root_inode = 0;
    bool first_scan_done = false;    // everything that was there at the start is in a cut
    std::optional<Timestamp> swept;  // start of the last full scan that came to its end
};

struct StoredMark {
    MarkNumber mark;
    CutNumber cut;
    bool complete = false;
    std::string envelope;
};

struct StoredTransaction {
    Lsn commit_end;
    Digest sha256;
};

// How far a database's stream is: an LSN, and the cluster that it is of.
struct StreamPosition {
    std::string system;  // the cluster's identifier; empty: none is known
    Lsn lsn;

    bool operator==(const StreamPosition&) const = default;
};

// What a secondary is known to hold.
struct PeerStanding {
    CutNumber received_cut;
    CutNumber applied_cut;
    MarkNumber received_mark;
};

// What nobody needs any more: all up to these, but for the newest mark, the newest complete one and
// the newest cut's identity.
struct Forgettable {
    MarkNumber marks;
    CutNumber tombstones;
    CutNumber identities;
};

// Invariants: cut and mark numbers only grow, also across a crash; an entry's row is of the cut in
// which it last changed; a removed path stays as a tombstone until forget().
class PrimaryState {
  public:
    static constexpr CutNumber any_cut{std::numeric_limits<std::int64_t>::max()};

    explicit PrimaryState(const std::string& path);

    // --- cuts and marks
    [[nodiscard]] CutStanding standing();
    void set_epoch(Epoch epoch);
    // Of those that are kept and of a cut up to this one.
    [[nodiscard]] std::optional<StoredMark> newest_mark(CutNumber up_to = any_cut);
    [[nodiscard]] std::optional<StoredMark> newest_complete_mark(CutNumber up_to = any_cut);
    // Marks of cuts in (after, up_to], oldest first.
    void marks_between(CutNumber after, CutNumber up_to,
                       const std::function<void(const StoredMark&)>& each);
    // Marks above `mark`, oldest first, `most` at most.
    [[nodiscard]] std::vector<StoredMark> marks_above(MarkNumber mark, std::size_t most);
    // Takes at most `most` rows of each kind out, in one short commit; true when more are left.
    [[nodiscard]] bool forget(const Forgettable& what, std::size_t most);
    // Removals of cuts up to this one can't be told any more.
    [[nodiscard]] CutNumber forgotten();
    // The identity of a cut; nullopt when it is forgotten, or never was.
    [[nodiscard]] std::optional<std::string> cut_identity(CutNumber cut);
    [[nodiscard]] std::map<SourceName, StreamPosition> database_positions();
    // Passed by the newest cut and not described by a mark yet.
    [[nodiscard]] std::vector<StoredTransaction> unmarked_transactions(const SourceName& database);

    // --- the index of a tree
    [[nodiscard]] TreeStanding tree(const SourceName& tree);
    void set_root(const SourceName& tree, const std::string& marker_id, std::uint64_t filesystem,
                  std::uint64_t inode);
    // Not for tombstones.
    [[nodiscard]] std::optional<CapturedEntry> find(const SourceName& tree, std::string_view path);
    [[nodiscard]] std::vector<std::string> paths_of_inode(const SourceName& tree,
                                                          std::uint64_t filesystem,
                                                          std::uint64_t inode);
    // Files of this size, `limit` at most; only of those above limits::small_file.
    [[nodiscard]] std::vector<FileEntry> large_files_of_size(const SourceName& tree,
                                                             std::uint64_t size, std::size_t limit);
    // Of the same inode, where it was something else than this when it was read.
    [[nodiscard]] std::vector<std::string> outdated_paths_of_inode(const SourceName& tree,
                                                                   const StatIdentity& now);
    [[nodiscard]] bool has_content(const SourceName& tree, const Digest& sha256);
    // Live entries in the order of their paths' bytes, from the first path above `after`; stops
    // when `each` returns false.
    void walk(const SourceName& tree, std::string_view after,
              const std::function<bool(const CapturedEntry&)>& each);
    // The same, only where each is and what it was when it was read.
    void walk_identities(
        const SourceName& tree, std::string_view after,
        const std::function<bool(std::string_view path, const StatIdentity&)>& each);
    // Live entries below directory `path` (not itself), in path order.
    [[nodiscard]] std::vector<std::string> paths_below(const SourceName& tree,
                                                       std::string_view path);
    // Everything that changed in cuts above `base`, tombstones included, in no particular order.
    void changes_since(const SourceName& tree, CutNumber base,
                       const std::function<void(const FileEntry&)>& each);
    // The same in path order: a change list.
    void sorted_changes_since(const SourceName& tree, CutNumber base,
                              const std::function<void(const FileEntry&)>& each);
    // Of these trees of the config, those that were known before and not in the config of the
    // newest start: what had changed in them then nobody was told.
    [[nodiscard]] std::vector<SourceName> rejoining(const std::vector<SourceName>& trees);
    // At each start, before the first cut: the trees of the config.
    void set_configured(const std::vector<SourceName>& trees);
    // The first cut since the tree was put back into the config; 0: it never left.
    [[nodiscard]] CutNumber rejoined(const SourceName& tree);

    // --- peers
    // nullopt: never heard of.
    [[nodiscard]] std::optional<PeerStanding> peer(const AgentName& name);
    void set_peer(const AgentName& name, const PeerStanding& standing);
    // The furthest that any peer has ever received.
    [[nodiscard]] CutNumber furthest_received();

    [[nodiscard]] Database& database() { return database_; }

  private:
    friend class CutCommit;
    std::int64_t tree_id(const SourceName& tree);

    Database database_;
    std::map<SourceName, std::int64_t> tree_ids_;
};

}  // namespace farshore::storage
