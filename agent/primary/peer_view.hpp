#pragma once
// What the primary knows of one secondary at this moment: what lag and status are made of.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agent/primary/cut_record.hpp"
#include "agent/primary/postgres/database_source.hpp"
#include "protocol/error.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

struct PeerFault {
    Error error;
    Timestamp since;
};

struct PeerView {
    bool connected = false;
    std::optional<Timestamp> connected_since;
    std::optional<Duration> round_trip;
    std::optional<Duration> utc_offset;  // the peer's UTC minus ours
    std::optional<Duration> utc_offset_error;
    // Known received and applied; null: nothing yet.
    std::shared_ptr<const CutRecord> received;
    std::shared_ptr<const CutRecord> applied;
    storage::PeerStanding held;            // what it said, since this agent's start
    std::map<SourceName, bool> streaming;  // databases: the first copy is done, changes flow
    std::map<SourceName, CopyProgress> copies;
    std::optional<PeerFault> connection_fault;  // why there is no session
    std::map<std::string, PeerFault> faults;  // by source; "" for the stream; also what it told us
};

// Invariants: received and applied only go up.
class PeerBoard {
  public:
    [[nodiscard]] PeerView view() const {
        const std::lock_guard lock(mutex_);
        return view_;
    }
    // Changes the view under the lock.
    template <typename F>
    void update(F&& change) {
        const std::lock_guard lock(mutex_);
        change(view_);
    }

  private:
    mutable std::mutex mutex_;
    PeerView view_;
};

}  // namespace farshore::primary
