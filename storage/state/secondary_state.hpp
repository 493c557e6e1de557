#pragma once
// What a secondary has promised and done: cuts and marks received and applied, where each database
// stands, which roots are its own. With the index of its trees it is everything a restart needs.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/message_session.hpp"
#include "protocol/time.hpp"
#include "storage/spool/record_log_format.hpp"
#include "storage/state/secondary_index.hpp"
#include "storage/state/sqlite.hpp"
#include "storage/state/told_marks.hpp"

namespace farshore::storage {

// How far a database's changes go that belong to a cut.
struct DatabasePoint {
    Lsn lsn;
    SpoolPosition spool_end;     // behind the last transaction at or before lsn
    std::string sequences = {};  // that the cut told (protocol/sequence_values.hpp)
};

struct ReceivedCut {
    CutNumber cut;
    CutNumber base;
    bool is_mark = false;  // then the last mark describes this very cut
    // After `base`, rising, besides told_marks(). From next_to_apply(): the first two,
    // which is enough to know whether it is one.
    std::vector<ArrivedMark> marks;
    std::map<SourceName, DatabasePoint> databases;
    std::map<SourceName, BootTime> as_of;  // of the primary's boot
    std::string primary_boot_id;
    std::string identity = std::string(16, '\0');  // as the primary told it
    std::optional<BootTime> taken = std::nullopt;  // of its newest mark, of the primary's boot
};

// What a cut that was applied stands for.
enum class AppliedClaim : std::uint8_t { marks, nothing };

struct SecondaryStanding {
    Epoch epoch;
    CutNumber received_cut;
    std::string received_identity = std::string(16, '\0');  // of that cut
    CutNumber applied_cut;
    CutNumber claimed_cut;  // up to which the replica is what the cuts say: applied_cut as a rule
    MarkNumber received_mark;
    std::optional<Digest> received_mark_digest;
    MarkNumber applied_mark;
    std::string primary_boot_id;  // whose clock the next four are of
    std::map<SourceName, BootTime> received_as_of;
    std::map<SourceName, BootTime> applied_as_of;
    std::optional<BootTime> received_taken;
    std::optional<BootTime> applied_taken;
};

struct MarkStanding {
    MarkNumber mark;
    std::string envelope;
    Digest digest;
    WitnessedTime received;
    std::optional<WitnessedTime> applied;
    // As applied at this mark; empty when the mark was passed on the way to a later cut.
    std::map<SourceName, Digest> sources;
};

struct DatabaseState {
    DatabaseStanding standing;
    SpoolPosition received_end;  // the spool is truncated to it at a start
    DatabasePoint applied;       // where the next cut's changes begin
    Lsn committed;               // farshore.progress of the replica was there, or further
};

// What is remembered of a replica's root.
struct KnownRoot {
    std::string marker_id;
    std::uint64_t filesystem = 0;
    std::uint64_t inode = 0;

    bool operator==(const KnownRoot&) const = default;
};

// Invariants: applied_cut <= received_cut; cuts and marks only rise within an epoch; a cut is in
// secondary_cuts exactly while it is received and not applied. Every call that changes something is
// one transaction, and durable when it returns. Not thread-safe: one instance for each thread, on
// the same file.
class SecondaryState {
  public:
    explicit SecondaryState(const std::string& path);
    SecondaryState(const SecondaryState&) = delete;
    SecondaryState& operator=(const SecondaryState&) = delete;

    [[nodiscard]] SecondaryIndex& index() { return index_; }
    [[nodiscard]] SecondaryStanding standing();
    // The first one that this secondary follows, or a later one: cuts and marks begin anew.
    void enter_epoch(Epoch epoch);

    // Those of the cut that is being told: commit_received() takes them.
    [[nodiscard]] ToldMarks& told_marks() { return told_marks_; }
    // The promise: everything the cut needs is on the disk and synced (staged content, spools);
    // with this the cut is received. `when` is this host's time of it.
    void commit_received(const ReceivedCut& cut, const WitnessedTime& when);
    // The next cut to apply, if any is received.
    [[nodiscard]] std::optional<ReceivedCut> next_to_apply();
    // Everything of the cut is in trees (settled) and databases, and synced. `sources` are the
    // digests of a mark's receipt; kept when the cut is one. `committed`: what the replicas say of
    // themselves (farshore.progress), until a new copy begins. Without a claim (changes of a table
    // were left out, and the cut's marks don't say so) its marks never count as applied.
    void commit_applied(CutNumber cut, const WitnessedTime& when,
                        const std::map<SourceName, Digest>& sources,
                        const std::map<SourceName, Lsn>& committed = {},
                        AppliedClaim claim = AppliedClaim::marks);

    // For receipts: what came after, or was applied after, in order, at most `limit`.
    [[nodiscard]] std::vector<MarkStanding> marks_received_after(MarkNumber mark,
                                                                 std::size_t limit);
    [[nodiscard]] std::vector<MarkStanding> marks_applied_after(MarkNumber mark, std::size_t limit);
    // The receipts that tell of them are kept elsewhere; marks that are not applied stay.
    void forget_marks_up_to(MarkNumber mark);

    [[nodiscard]] std::map<SourceName, DatabaseState> databases();
    // A first copy begins (copied false) or is complete: both positions are the copy's.
    void set_database(const SourceName& name, const DatabaseStanding& standing,
                      const SpoolPosition& spool_end);
    // The primary's server goes on with this one.
    void set_timeline(const SourceName& name, std::uint32_t timeline);

    [[nodiscard]] std::optional<KnownRoot> known_root(const SourceName& tree);
    void remember_root(const SourceName& tree, const KnownRoot& root);

    // Small things of others that must survive a restart, by name.
    [[nodiscard]] std::optional<std::string> fact(std::string_view name);
    void set_fact(std::string_view name, std::string_view value);

  private:
    void write_fact(std::string_view name, std::string_view value);
    void write_number(std::string_view name, std::uint64_t value);
    [[nodiscard]] std::uint64_t number(std::string_view name);
    void write_received_databases(const ReceivedCut& cut);
    void write_applied_marks(CutNumber cut, const WitnessedTime& when, const std::string& digests);
    void write_applied_databases(CutNumber cut);
    [[nodiscard]] std::map<SourceName, DatabasePoint> cut_databases(CutNumber cut);
    [[nodiscard]] std::vector<ArrivedMark> cut_marks(CutNumber cut);
    [[nodiscard]] std::vector<MarkStanding> marks(Statement& ask);

    Database database_;
    SecondaryIndex index_;
    ToldMarks told_marks_;
};

}  // namespace farshore::storage
