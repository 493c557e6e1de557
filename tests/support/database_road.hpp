#pragma once
// A database's whole way without agents: source, lane, receiver, spool, applier, between two real
// databases; and what the cutters on both sides do for it.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "agent/config/config.hpp"
#include "agent/primary/postgres/database_source.hpp"
#include "agent/primary/postgres/insert_position.hpp"
#include "agent/primary/postgres/table_resend.hpp"
#include "agent/runtime/system_clock.hpp"
#include "agent/secondary/postgres/database_applier.hpp"
#include "agent/secondary/postgres/database_receiver.hpp"
#include "agent/secondary/postgres/replica_setup.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/spool/change_spool.hpp"
#include "tests/support/memory_lane.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {

class DatabaseRoad {
  public:
    // Databases "origin" on `primary` and "replica" on `secondary`, made when missing. What can't
    // be applied is an Error, unless `conflict` says otherwise.
    DatabaseRoad(PostgresServer& primary, PostgresServer& secondary,
                 config::ConflictPolicy conflict = config::ConflictPolicy::stop);
    ~DatabaseRoad();

    // A session begins; both threads run.
    void connect();
    // The session's lane breaks; both threads have ended.
    void disconnect();
    // The secondary's agent is killed and starts again: spool and applier are opened anew.
    void restart_secondary();

    // A cut: reads L, waits until it is passed and received, syncs, confirms. Throws what ended a
    // thread.
    secondary::ApplyRange cut();
    secondary::ApplyRange cut_up_to(Lsn lsn);
    // Applies all cuts that are received.
    secondary::ApplyCount apply();
    // Applies what has come since, without a cut; `may_end` as DatabaseApplier has it.
    void apply_ahead(const std::function<bool()>& may_end = [] { return false; });
    void cut_and_apply() {
        (void)cut();
        (void)apply();
    }

    // The digests of the transactions that a side has seen, by their ends.
    std::map<Lsn, Digest> sent;
    std::map<Lsn, Digest> applied;
    std::set<std::string> systems;           // that the transactions were said to be of
    std::optional<std::string> copy_needed;  // what the source last said of a gap
    int copies_begun = 0;
    [[nodiscard]] const DatabaseStanding& standing() const { return standing_; }
    [[nodiscard]] std::optional<Error> source_error() const;
    [[nodiscard]] std::optional<Error> receiver_error() const;
    // What the primary does when it is asked for a table once more.
    void resend(const TableName& table);
    // Waits for a thread to end by itself.
    void join();

    config::Database origin;
    config::Database replica;
    storage::ChangeSpool& spool() { return *spool_; }
    primary::DatabaseSource& source() { return *source_; }
    secondary::DatabaseApplier& applier() { return *applier_; }

  private:
    secondary::DatabaseReceiverEvents receiver_events();
    void wait_until(const std::function<bool()>& condition, const std::string& what);

    TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    runtime::SystemClock clock_;
    StreamName stream_{"shop"};
    storage::Handle root_;
    std::unique_ptr<storage::ChangeSpool> spool_;
    std::unique_ptr<primary::DatabaseSource> source_;
    std::unique_ptr<secondary::DatabaseReceiver> receiver_;
    std::unique_ptr<secondary::DatabaseApplier> applier_;
    LanePair lane_;
    std::thread source_thread_;
    std::thread receiver_thread_;
    mutable std::mutex errors_mutex_;
    std::optional<Error> source_error_;
    std::optional<Error> receiver_error_;
    // What the state databases of both sides would hold.
    DatabaseStanding standing_;
    storage::SpoolPosition received_;
    storage::SpoolPosition applied_;
    Lsn received_lsn_;
    Lsn applied_lsn_;
    std::string sequences_;  // of the newest cut
};

}  // namespace farshore::test
