#pragma once
// A secondary's role: owns the parts of this folder, starts them in order and stops them in
// reverse.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/runtime/task_group.hpp"
#include "agent/secondary/applier.hpp"
#include "agent/secondary/newest_complete.hpp"
#include "agent/secondary/receipt_task.hpp"
#include "agent/secondary/secondary_session.hpp"
#include "agent/secondary/table_recovery.hpp"
#include "agent/session/upload_task.hpp"
#include "protocol/lag.hpp"

namespace farshore::secondary {

// What the role uses of the agent around it; all of it outlives the role.
struct SecondaryServices {
    const config::Config& config;
    Clock& clock;
    runtime::Random& random;
    storage::FileSystem& files;
    std::string state_file;
    const storage::Handle& state_directory;
    SigningKey key;
    const TrustSet& trust;
    storage::ObjectStore& store;     // the config's
    storage::ObjectStore& evidence;  // what came with the stream
    bool mirror_evidence = false;    // the store is a directory of this host
    // The next session that a primary opened, or null after the timeout.
    std::function<std::shared_ptr<connection::Session>(Duration timeout)> accept;
    // The primary's wishes that the role does not know: JSON in, JSON out.
    std::function<std::string(const std::string& verb, const std::string& json)> serve;
};

// How far this secondary is, as lag and status need it.
struct SecondaryView {
    bool connected = false;
    std::optional<Timestamp> connected_since;
    AgentName primary;
    std::optional<Epoch> epoch;
    storage::SecondaryStanding standing;
    std::optional<MarkMoments> received, complete, applied;
    std::optional<Mark> newest_mark;  // received
    std::map<SourceName, storage::DatabaseState> databases;
    std::map<SourceName, Lsn> spooled;  // positions of this session
    std::optional<Estimate> offset;     // the primary's CLOCK_BOOTTIME minus ours
    std::optional<Estimate> utc_offset;
    std::optional<Duration> round_trip;
    std::map<SourceName, std::vector<StandingGap>> gaps;  // tables that are set aside
    std::map<std::string, StandingFault> faults;
    std::map<std::string, StandingFault> primary_faults;  // by source: what the primary told us
    std::optional<StandingFault> connection_fault;
};

class Secondary {
  public:
    explicit Secondary(SecondaryServices services);
    ~Secondary();

    // Blocks until stop.
    void run(const runtime::StopToken& stop);
    // What a control lane's Hello is answered. Ends the session before it; throws what stands in
    // the way of a new one (a replica that is not ours): the primary is told.
    [[nodiscard]] Welcome answer(const Hello& hello, const AgentName& peer);

    // --- thread-safe
    [[nodiscard]] SecondaryView view();
    [[nodiscard]] session::UploadFigures uploads() const { return uploads_.figures(); }
    [[nodiscard]] session::UploadTask& upload_task() { return uploads_; }
    [[nodiscard]] Applier& applier() { return *applier_; }
    [[nodiscard]] ReceiptTask& receipts() { return receipts_; }
    [[nodiscard]] EvidenceKeeper& evidence() { return evidence_; }
    [[nodiscard]] ReplicaTree* tree(const SourceName& name);
    [[nodiscard]] std::shared_ptr<SecondarySession> session() const;
    // Waits until a mark from `mark` on is applied; false after `timeout`.
    [[nodiscard]] bool wait_applied(MarkNumber mark, Duration timeout);

  private:
    void look_at_sources();
    void open_sources(storage::SecondaryState& state);
    void hold_session(const std::shared_ptr<connection::Session>& opened,
                      const runtime::StopToken& stop);
    void end_session();
    void on_epoch(const storage::OpenedEpoch& opened);
    void on_sample(const session::ClockSample& sample);
    void on_applied(CutNumber cut, const std::map<SourceName, Digest>& trees);
    void on_altered(const SourceName& database, const Error& error);
    void require_known(const Hello& hello) const;
    void tell_fault(const std::string& source, const std::optional<Error>& fault);
    [[nodiscard]] std::string serve(const std::string& verb, const std::string& json);
    SecondaryContext context();
    ApplierParts applier_parts();
    TableRecoveryParts recovery_parts();
    void fill_moments(SecondaryView& view);
    void look_at_newest(const storage::SecondaryStanding& standing);
    void note_received();
    [[nodiscard]] std::optional<Mark> mark_at(MarkNumber number);

    SecondaryServices services_;
    FaultBoard faults_;
    std::map<SourceName, std::shared_ptr<ReplicaTree>> trees_;
    std::map<SourceName, std::shared_ptr<ReplicaDatabase>> databases_;
    session::UploadTask uploads_;
    ReceiptTask receipts_;
    EvidenceKeeper evidence_;
    SecondaryContext context_;
    std::unique_ptr<Applier> applier_;
    std::unique_ptr<TableRecovery> recovery_;
    std::mutex answering_;          // one Hello at a time
    std::set<SourceName> blocked_;  // by look_at_sources(), under answering_
    BootTime looked_;               // of the running thread
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::shared_ptr<SecondarySession> session_;
    bool holding_ = false;
    std::uint64_t sessions_ = 0;  // that were held so far
    std::optional<Timestamp> connected_since_;
    BootTime session_began_;
    AgentName primary_;
    ClockOffset offset_;
    std::string offset_boot_;  // the primary's boot that offset_ speaks of
    std::optional<Estimate> utc_offset_;
    std::map<std::string, StandingFault> primary_faults_;
    std::optional<StandingFault> connection_fault_;
    storage::SecondaryState view_state_;  // under view_mutex_
    std::mutex view_mutex_;
    // Under view_mutex_: the newest received mark that was looked at, and the newest complete one.
    std::optional<Mark> newest_mark_;
    NewestComplete newest_complete_;
    runtime::TaskGroup tasks_;
};

}  // namespace farshore::secondary
