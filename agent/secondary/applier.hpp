#pragma once
// Applies received cuts in their order, whether or not a session lasts: files, then rows, then
// removals.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "agent/runtime/stop_token.hpp"
#include "agent/secondary/fault_board.hpp"
#include "agent/secondary/files/tree_applier.hpp"
#include "agent/secondary/postgres/database_applier.hpp"
#include "agent/secondary/replica_database.hpp"
#include "agent/secondary/replica_tree.hpp"
#include "storage/state/secondary_state.hpp"

namespace farshore::secondary {

struct ApplierParts {
    const StreamName stream;
    const AgentName agent;
    const std::map<SourceName, std::shared_ptr<ReplicaTree>>& trees;
    const std::map<SourceName, std::shared_ptr<ReplicaDatabase>>& databases;
    storage::FileSystem& files;
    std::string state_file;
    Clock& clock;
    runtime::Random& random;
    FaultBoard& faults;
    std::uint64_t gathered_rows_bytes = 32ULL << 20;  // of a database, before they are written
    // A replica is not what was applied to it: only a new copy makes it whole. Called with its
    // turn held; an Error is raised as a fault afterwards in any case.
    std::function<void(const SourceName& database, const Error& error)> on_altered = nullptr;
    // A cut is applied: tree digests as the replica has them. Not said while a table is set aside
    // and the cut's marks don't name that.
    std::function<void(CutNumber, const std::map<SourceName, Digest>& trees)> on_applied;
};

// Invariants: cuts are applied one by one, in order; a cut is said applied at one line, after the
// replica's databases committed, its files were synced and the state says so. Rows of a stream
// without trees (or with ordering = "eager") are applied as they come, between the cuts: the
// replica may then be ahead of the last applied cut, never of what was committed. Where changes of
// a table are left out, no mark counts as applied that does not say so itself.
class Applier {
  public:
    explicit Applier(ApplierParts parts);

    // Blocks until stop.
    void run(const runtime::StopToken& stop);
    // A cut was received.
    void wake();
    // Rows have come that may be applied ahead of their cut.
    void wake_for_rows();
    // Of a database of the config; nullopt when it is not known. Thread-safe.
    [[nodiscard]] std::optional<SetAsideTables> set_aside(const SourceName& database) const {
        return appliers_.at(database)->set_aside();
    }
    // While the result is held no cut is being applied; waits for the one that is.
    [[nodiscard]] std::unique_lock<std::mutex> pause() {
        return std::unique_lock<std::mutex>(applying_);
    }
    // For a verification at one LSN. hold: no further rows of this database are applied; then
    // either release, or stop_at: the rows up to `lsn` are applied, `there` is called while the
    // replica is exactly at it, and applying goes on.
    void hold(const SourceName& database);
    void release(const SourceName& database);
    void stop_at(const SourceName& database, Lsn lsn, std::function<void()> there);

  private:
    [[nodiscard]] bool is_eager(const ReplicaDatabase& database) const;
    void apply_ahead(storage::SecondaryState& state);
    bool apply_next(storage::SecondaryState& state, const runtime::StopToken& stop);
    void apply(storage::SecondaryState& state, const storage::ReceivedCut& cut,
               const runtime::StopToken& stop);
    void apply_rows(storage::SecondaryState& state, const storage::ReceivedCut& cut,
                    const runtime::StopToken& stop);
    void apply_database(storage::SecondaryState& state, const SourceName& name,
                        const storage::DatabasePoint& point, const runtime::StopToken& stop);
    void apply_range(const SourceName& name, const ApplyRange& range);
    void learn_set_aside(const SourceName& name);
    void tell_altered(const SourceName& name, const Error& error) const;
    void tell(const TreeApplier& tree);
    [[nodiscard]] bool is_named(const SourceName& database, const SetAsideTables& tables,
                                const storage::ReceivedCut& cut) const;
    [[nodiscard]] storage::AppliedClaim claim_of(storage::SecondaryState& state,
                                                 const storage::ReceivedCut& cut);
    void finish(storage::SecondaryState& state, const storage::ReceivedCut& cut);
    void keep_retention(storage::SecondaryState& state);
    void keep_retention(storage::SecondaryState& state, const SourceName& name, ReplicaTree& tree);
    void wait(Duration duration, const runtime::StopToken& stop);

    ApplierParts parts_;
    std::map<SourceName, std::unique_ptr<DatabaseApplier>> appliers_;
    // The transactions from the last applied mark to `end`; none: some were not seen, so the next
    // mark's digest is not known here.
    struct Seen {
        Sha256 sha256;
        Lsn end;
    };
    std::map<SourceName, std::optional<Seen>> digests_;
    std::set<SourceName> told_not_kept_;
    struct StopPoint {
        std::optional<Lsn> lsn;  // not known yet: held
        std::function<void()> there;
    };
    std::mutex applying_;  // held while a cut is applied
    std::mutex mutex_;
    std::condition_variable_any changed_;
    bool woken_ = false;
    std::map<SourceName, StopPoint> stop_points_;
};

}  // namespace farshore::secondary
