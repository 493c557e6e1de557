#pragma once
// Tells one secondary the cuts, one at a time, and sends what it lacks.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/connection/session.hpp"
#include "agent/primary/bulk_sender.hpp"
#include "agent/primary/cut_history.hpp"
#include "agent/runtime/bounded_queue.hpp"
#include "protocol/message_cut.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

struct CutFeedWiring {
    std::vector<SourceName> trees;
    // The databases of this session whose changes flow; asked anew for each cut.
    std::function<std::vector<SourceName>()> streaming_databases;
    // See to it that this session's decoder passes the position soon.
    std::function<void(const SourceName& database, Lsn lsn)> want_position;
    // Puts wanted content onto the bulk lanes; false when the file is no longer as the cut has it.
    std::function<bool(const WantedContent& wanted)> send_wanted;
    // The secondary holds the cut durably; before the next one is told.
    std::function<void(const std::shared_ptr<const CutRecord>& record)> on_received;
};

// Invariants: one cut is in flight at a time; its base is the last cut that the secondary said it
// has received; a cut is told only after it was committed.
class CutFeed {
  public:
    CutFeed(connection::Lane& control, BulkSender& bulk, const CutHistory& history,
            storage::PrimaryState& state, CutFeedWiring wiring);

    // Blocks until stop or the lane's end (throws its Error). `received`: what the Welcome said.
    void run(CutNumber received, const runtime::StopToken& stop);
    // received, content_wanted: from the control lane's reading thread; never waits.
    void take(Frame frame);
    // The session has ended.
    void close() { answers_.close(); }
    // From now on the secondary is told everything again: its tree is not what it should be.
    void tell_everything() { tell_everything_ = true; }

  private:
    std::shared_ptr<const CutRecord> tell(CutNumber base);
    void tell_tree(const SourceName& tree, CutNumber base);
    bool await_outcome(const CutRecord& record, const runtime::StopToken& stop);
    void send_wanted(const ContentWanted& wanted, std::uint64_t& missing);

    connection::Lane& control_;
    BulkSender& bulk_;
    const CutHistory& history_;
    storage::PrimaryState& state_;
    CutFeedWiring wiring_;
    // A secondary asks in messages of limits::wanted_items; this many hold what a cut can want.
    runtime::BoundedQueue<Frame> answers_{4096};
    std::atomic<bool> tell_everything_{false};
};

}  // namespace farshore::primary
