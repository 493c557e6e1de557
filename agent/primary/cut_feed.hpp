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

// What was told of a cut: its databases, and whether its marks went with it.
struct ToldCut {
    std::shared_ptr<const CutRecord> record;
    std::map<SourceName, Lsn> databases;
    bool with_marks = true;
};

struct CutFeedWiring {
    std::vector<SourceName> trees;
    // The databases of this session whose changes flow, and of which cluster; asked anew for each
    // cut.
    std::function<std::map<SourceName, std::string>()> streaming_databases;
    // See to it that this session's decoder passes the position soon.
    std::function<void(const SourceName& database, Lsn lsn)> want_position;
    // Puts wanted content onto the bulk lanes; false when the file is no longer as the cut has it.
    std::function<bool(const WantedContent& wanted)> send_wanted;
    // The secondary holds the cut durably; before the next one is told.
    std::function<void(const ToldCut& told)> on_received;
};

// A mark speaks of all sources, so it goes only with a cut that brings this secondary everything
// the mark claims: while a database does not flow here and the mark is beyond what the secondary
// holds of it, cuts go without their marks. Invariants: one cut is in flight at a time; its base is
// the last cut that the secondary said it has received; a cut is told only after it was committed.
class CutFeed {
  public:
    CutFeed(connection::Lane& control, BulkSender& bulk, const CutHistory& history,
            storage::PrimaryState& state, CutFeedWiring wiring);

    // Blocks until stop or the lane's end (throws its Error). `welcome`: what the secondary holds;
    // `base`: the cut that the first one that is told follows, 0 for one that tells everything.
    void run(const Welcome& welcome, CutNumber base, const runtime::StopToken& stop);
    // received, content_wanted: from the control lane's reading thread; never waits.
    void take(Frame frame);
    // The session has ended.
    void close() { answers_.close(); }
    // From now on the secondary is told everything again: its tree is not what it should be.
    void tell_everything() { tell_everything_ = true; }

  private:
    // Who holds something removes what a whole listing does not name: it must be one of trees that
    // were scanned to their ends.
    [[nodiscard]] bool may_tell_everything();
    ToldCut tell(CutNumber base, const runtime::StopToken& stop);
    void tell_marks(CutNumber up_to);
    void tell_sequences(const CutRecord& record, CutBegin& begin);
    // True when this cut brings everything its marks claim; waits a moment for decoders that start.
    [[nodiscard]] bool holds(const SourceName& database, const StreamPosition& position) const;
    [[nodiscard]] bool brings_all(const CutRecord& record, const runtime::StopToken& stop) const;
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
    std::map<SourceName, StreamPosition> held_;         // what the secondary holds of each database
    std::map<SourceName, SequenceMap> held_sequences_;  // as this session has told them
    std::map<SourceName, std::vector<SequenceValue>> told_sequences_;  // with the cut in flight
    MarkNumber told_mark_;  // the newest that it has been told
    std::atomic<bool> tell_everything_{false};
};

}  // namespace farshore::primary
