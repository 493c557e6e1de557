#pragma once
// Takes the cuts: two drains around L, what they made dirty, one durable commit, then the telling.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/primary/cut_history.hpp"
#include "agent/primary/cut_schedule.hpp"
#include "agent/primary/cut_trigger.hpp"
#include "agent/primary/database_watch.hpp"
#include "agent/primary/files/tree_source.hpp"
#include "agent/primary/mark_sealer.hpp"
#include "agent/primary/transaction_log.hpp"
#include "storage/state/cut_commit.hpp"
#include "storage/state/held_deletions.hpp"

namespace farshore::primary {

// One database as the cutter sees it.
struct CutDatabase {
    DatabaseWatch* watch = nullptr;
    TransactionLog* transactions = nullptr;
};

struct CutterWiring {
    std::vector<TreeSource*> trees;
    std::map<SourceName, CutDatabase> databases;
    std::function<std::string()> new_identity;  // cut_identity_bytes random bytes
    // The furthest that any session's decoder has passed; without a system when none streams.
    std::function<StreamPosition(const SourceName&)> position;
    std::function<void(const SourceName&, Lsn)> want_position;
    // At least one secondary gets all of the database: none of it is lost to it.
    std::function<bool(const SourceName&)> is_whole;
    // What secondaries have lost of it, one sentence each, for the mark that is sealed.
    std::function<std::vector<std::string>(const SourceName&)> gaps;
    // The best placed secondary has received `cut`.
    std::function<bool(CutNumber cut)> is_received;
    // Why a tree is not captured, at each cut; nullopt: it is.
    std::function<void(const SourceName&, const std::optional<Error>&)> on_refusal;
    // Why no cut can be taken (a full disk); nullopt: they are taken again.
    std::function<void(const std::optional<Error>&)> on_fault;
    // All that a mark leaves behind in a tree, also what it has no room to name; before on_mark.
    std::function<void(const SourceName&, const std::vector<std::string>& paths)> on_pending;
    // Right after the commit of a mark, before anything else can be committed.
    std::function<void(const SealedMark&, CutNumber)> on_mark;
};

// Invariants: a cut's number, index changes and signed mark are durable before it is published; a
// source's as_of never goes back.
class Cutter {
  public:
    Cutter(storage::PrimaryState& state, CutHistory& history, CutTrigger& trigger, Clock& clock,
           const MarkSealer& sealer, const config::Replication& settings, CutterWiring wiring);

    // Publishes what was committed before a restart. Call it before any feed is started.
    void restore();
    // Blocks until stop, or until the trigger is stopped: another part of the role has failed.
    // Takes a last mark then.
    void run(const runtime::StopToken& stop);

  private:
    struct TreeOutcome {
        SourceName name;
        TreeCut cut;
    };
    struct DatabaseOutcome {
        StreamPosition position;
        std::optional<Timestamp> as_of;
        std::vector<PassedTransaction> transactions;
    };

    struct Gathered {
        ClockReading taken;
        std::vector<TreeOutcome> trees;
        std::map<SourceName, DatabaseOutcome> databases;
    };

    [[nodiscard]] bool is_previous_received() const;
    // False when it failed in a way that passes (a full disk): it is to be tried again.
    [[nodiscard]] bool try_take(bool as_mark);
    void take(bool as_mark);
    [[nodiscard]] Gathered gather(bool as_mark);
    [[nodiscard]] static std::optional<BootTime> earliest_noticed(
        const std::vector<TreeOutcome>& trees);
    [[nodiscard]] Duration patience() const;
    [[nodiscard]] std::map<SourceName, StreamPosition> read_positions(bool with_sequences);
    [[nodiscard]] std::map<SourceName, std::shared_ptr<const SequenceMap>> sequences() const;
    // `end`: L, when the server answered.
    [[nodiscard]] DatabaseOutcome pass(const SourceName& database,
                                       const std::optional<StreamPosition>& end,
                                       const ClockReading& taken, BootTime deadline);
    CutNumber commit(const Gathered& gathered, bool as_mark, std::optional<SealedMark>& sealed);
    void write_tree(storage::CutCommit& commit, const TreeOutcome& tree);
    [[nodiscard]] std::map<SourceName, SourceMark> describe(storage::CutCommit& commit,
                                                            const Gathered& gathered) const;

    storage::PrimaryState& state_;
    CutHistory& history_;
    CutTrigger& trigger_;
    Clock& clock_;
    const MarkSealer& sealer_;
    config::Replication settings_;
    CutterWiring wiring_;
    CutSchedule schedule_;
    bool failing_ = false;
    CutNumber newest_;
    CutNumber before_newest_;
    bool scanning_ = false;                           // a tree has more to find
    std::map<SourceName, StreamPosition> positions_;  // of the newest cut
    std::map<SourceName, SourceMoment> moments_;      // the newest as_of of each source
    std::optional<MarkFacts> newest_mark_;
    std::optional<MarkFacts> newest_complete_mark_;
};

}  // namespace farshore::primary
