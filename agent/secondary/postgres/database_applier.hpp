#pragma once
// Spooled transactions into the replica, in commit order, each exactly once.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agent/config/config.hpp"
#include "agent/postgres/wake_event.hpp"
#include "agent/secondary/postgres/order_memory.hpp"
#include "agent/secondary/postgres/set_aside_gate.hpp"
#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "storage/spool/change_spool.hpp"

namespace farshore::secondary {

class TransactionApplier;

// The part of the spool that belongs to one cut.
struct ApplyRange {
    storage::SpoolPosition begin;  // where the last applied cut ended
    storage::SpoolPosition end;    // what DatabaseReceiver::sync(lsn) gave for this cut
    Lsn lsn;                       // the cut's position in the primary's log
    std::string sequences = {};    // what the cut told of them; set after the rows
};

struct ApplyCount {
    std::uint64_t transactions = 0;  // of the range, also those that were there already
    std::uint64_t rows = 0;          // that were written now: one for all changes of a row
};

// Invariants: farshore.progress moves in the same transaction as the rows; a transaction at or
// before it is never applied again; nothing of a transaction is visible before all of it is, but
// for changes of tables that are set aside: those are left out, and which tables that are is
// durable in the replica before anything that leaves them out is. Not thread-safe but for stop()
// and set_aside().
class DatabaseApplier {
  public:
    // For every transaction of the range, in commit order, also when it had been applied before.
    using OnTransaction = std::function<void(Lsn commit_end, const Digest& sha256)>;

    // `gathered_bytes`: rows that are held before they are written.
    DatabaseApplier(StreamName stream, config::Database database, storage::ChangeSpool& spool,
                    std::uint64_t gathered_bytes);
    ~DatabaseApplier();

    // When it returns the range is visible in the replica and durable there. Throws conflict (but
    // with conflict = "quarantine", which sets the table aside) or ddl_pending, naming table, key
    // and LSN (nothing half done; call again when it is settled), database_unavailable (call
    // again), replica_altered, state_damaged, cancelled after stop().
    ApplyCount apply_up_to(const ApplyRange& range, const OnTransaction& on_transaction);

    // Everything of the spool's session behind `applied`, the end of the last applied cut, that is
    // not in the replica yet; apply_up_to() tells of it when its cut comes. `may_end`: asked at
    // each transaction's end whether the rest can wait. Throws as apply_up_to() does.
    void apply_ahead(storage::SpoolPosition applied_end, Lsn applied,
                     const std::function<bool()>& may_end);

    // The tables whose changes are left out; nullopt when that is not known. Thread-safe.
    [[nodiscard]] std::optional<SetAsideTables> set_aside() const;
    // Asks the replica when it is not known. Throws as apply_up_to() does.
    void learn_set_aside();
    // For what follows: farshore.progress was there, or further. A replica that says less was put
    // back to an older state, and what it lacks will never come again: Error(replica_altered).
    void expect(Lsn committed) { expected_ = committed; }
    // Where the replica's farshore.progress was left; 0: not known.
    [[nodiscard]] Lsn progress() const;

    // How often a run of changes was refused, and its transactions were applied row by row.
    [[nodiscard]] std::uint64_t fallbacks() const { return order_.fallbacks(); }

    // Ends apply_up_to() that is under way, and refuses further calls. Thread-safe.
    void stop() { stop_.set(); }

  private:
    class Pass;

    void apply_whole(Pass& pass, storage::SpoolPosition end);
    void go_through(Pass& pass, storage::SpoolPosition end);
    void forget_session();
    void open_target();
    // The database goes on without the table that failed; false: it can't.
    [[nodiscard]] bool leave_out(const Error& error);
    void publish(const std::optional<SetAsideTables>& tables);
    void follow_sequences(const std::string& sequences);

    StreamName stream_;
    config::Database database_;
    storage::ChangeSpool& spool_;
    std::uint64_t gathered_bytes_;
    postgres::WakeEvent stop_;
    OrderMemory order_;
    SetAsideWishes wishes_;
    mutable std::mutex mutex_;
    std::optional<SetAsideTables> set_aside_;     // under mutex_
    std::unique_ptr<TransactionApplier> target_;  // gone after an error
    storage::SpoolPosition known_up_to_;          // target_ knows the relations described before it
    std::uint64_t session_ = 0;                   // of the spool, in which that is so
    Lsn expected_;
};

}  // namespace farshore::secondary
