#pragma once
// The slot's changes onto the lane, and the slot's confirmation back.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/connection/lane.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/primary/postgres/change_batch.hpp"
#include "agent/primary/postgres/database_source.hpp"
#include "agent/primary/postgres/replication_connection.hpp"
#include "protocol/digest.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

// What run() works with; all of it outlives the stream.
struct StreamParts {
    ReplicationConnection& replication;
    postgres::Connection& ordinary;
    connection::Lane& lane;
    Clock& clock;
    SourceState& state;
    const DatabaseSourceEvents& events;
    const std::string& system;  // the identifier of the cluster
};

// Invariants: the server hears from us at least every status interval, also while the lane is full;
// state.position moves only after what belongs to it is on the lane.
class ChangeStream {
  public:
    ChangeStream(StreamParts parts, Duration status_interval);

    // Blocks until the stop event, or throws. Replication has been started at `from`.
    void run(Lsn from);

  private:
    [[nodiscard]] bool drain();
    void take(const ReplicationEvent& event);
    void take_change(const ReplicationEvent& event);
    void take_large(const ReplicationEvent& event);
    void finish_transaction(Lsn commit_end);
    void announce();
    void become_whole();

    void send_frame(Frame frame);
    [[nodiscard]] bool has_room() const;
    void wait(bool for_server, Duration longest);

    void tend();
    void send_status(bool wants_reply);
    void pursue_wanted();
    void force_flush(Lsn wanted);
    void watch_ordinary();

    StreamParts parts_;
    Duration status_interval_;
    ChangeBatch batch_;
    Sha256 transaction_;
    bool in_transaction_ = false;
    bool is_whole_ = false;
    Lsn passed_;     // by the decoder
    Lsn announced_;  // on the lane, as a commit or a DatabasePosition
    Lsn told_;       // to the server, as confirmed
    BootTime last_status_;
    Lsn asked_for_;
    int times_asked_ = 0;
    BootTime last_asked_;
    std::optional<BootTime> leave_at_;  // the server is shutting down
};

}  // namespace farshore::primary
