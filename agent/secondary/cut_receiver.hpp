#pragma once
// Takes the cuts that the primary tells: entries into the state, what is lacking asked for,
// everything made durable, and only then: RECEIVED.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "agent/connection/session.hpp"
#include "agent/runtime/stop_token.hpp"
#include "agent/secondary/fault_board.hpp"
#include "agent/secondary/mark_verifier.hpp"
#include "agent/secondary/replica_tree.hpp"
#include "protocol/cut_delivery.hpp"
#include "storage/state/secondary_state.hpp"

namespace farshore::secondary {

struct CutReceiverParts {
    const std::map<SourceName, std::shared_ptr<ReplicaTree>>& trees;
    storage::FileSystem& files;
    storage::SecondaryState& state;  // of the thread that runs it
    Clock& clock;
    runtime::Random& random;
    FaultBoard& faults;
    const TrustSet& trust;
    ExpectedMarks expected;
    // Makes a database's changes up to `lsn` durable, and says where they end in its spool.
    std::function<storage::SpoolPosition(const SourceName&, Lsn)> sync_database;
    // A cut is received.
    std::function<void()> on_received;
};

// Invariants: RECEIVED is said at one line, after staged content and spools were synced and the cut
// was committed to the state; entries of a cut that is not received are never applied.
class CutReceiver {
  public:
    CutReceiver(connection::Session& session, CutReceiverParts parts);

    // Blocks until stop; throws what the peer did wrong, or the lane's Error.
    void run(const runtime::StopToken& stop);
    // The rest comes from other threads. A cut's frame from the control lane; waits for room.
    void take(Frame frame);
    void lane_processed(std::size_t lane, std::uint64_t count);
    void database_passed(const SourceName& database, Lsn position);
    void close();

  private:
    void handle(const Frame& frame);
    void begin(const CutBegin& message);
    void add_entries(const CutEntries& message);
    void add_mark(const CutMark& message);
    void perform(DeliveryStep step, const runtime::StopToken& stop);
    void resolve();
    [[nodiscard]] std::uint64_t want_missing();
    void sync();
    void add_removals_of_the_rest();

    connection::Session& session_;
    CutReceiverParts parts_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Frame> frames_;
    bool closed_ = false;
    CutDelivery delivery_;
    storage::ReceivedCut cut_;  // the one that is being told
    MarkNumber last_mark_;      // the newest that is received
    MarkNumber told_mark_;      // the newest of cut_; 0: none yet
};

}  // namespace farshore::secondary
