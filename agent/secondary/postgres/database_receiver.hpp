#pragma once
// One database lane on the secondary: the first copy into the replica, then changes into the spool.

#include <atomic>
#include <functional>
#include <optional>

#include "agent/config/config.hpp"
#include "agent/connection/lane.hpp"
#include "agent/postgres/wake_event.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/message_database.hpp"
#include "protocol/message_session.hpp"
#include "storage/spool/change_spool.hpp"

namespace farshore::secondary {

// Called on the thread of run(); they must not block for long.
struct DatabaseReceiverEvents {
    // position() has moved.
    std::function<void()> on_position;
    // The stream can't go on, only a new first copy helps. Records copied = false before returning,
    // when that is wanted; then the session ends, and the next one brings the copy. False: the
    // replica stays as it is.
    std::function<bool(const std::string& reason)> on_copy_needed;
    // A first copy begins, or goes on: what the spool held is no longer there, nor what the replica
    // held whole. Record it (copied = false; where the copy's stream begins) before returning.
    std::function<void(const DatabaseStanding&)> on_copy_begin;
    // The first copy is complete and durable in the replica. Record it before returning: the
    // primary is told afterwards.
    std::function<void(const DatabaseStanding&)> on_copied;
    // The primary's server has another timeline now.
    std::function<void(std::uint32_t timeline)> on_timeline;
};

// Invariants: position() only grows within a session; all that was committed at or before it is in
// the spool (durable only after sync()).
class DatabaseReceiver {
  public:
    // `spool_limit_bytes`: above it the lane waits while there is something received to be applied.
    DatabaseReceiver(StreamName stream, config::Database database, storage::ChangeSpool& spool,
                     std::uint64_t spool_limit_bytes, DatabaseReceiverEvents events);

    // Blocks until stop(), or throws the lane's Error, malformed, or what stood in the copy's way.
    // `standing` is what the Welcome of this session said; the spool has been truncated to it.
    void run(connection::Lane& lane, const DatabaseStanding& standing);

    // The rest is thread-safe.
    void stop();
    [[nodiscard]] Lsn position() const { return Lsn(position_.load()); }
    // `lsn` is at most position(). When it returns, everything committed at or before `lsn` is
    // durable here; the result is the place in the spool behind the last such transaction.
    [[nodiscard]] storage::SpoolPosition sync(Lsn lsn);

  private:
    void receive_copy(connection::Lane& lane, const Frame& first);
    // Another copy that was begun instead, when this one had nothing to go on with.
    [[nodiscard]] std::optional<CopyBegin> copy(connection::Lane& lane, const CopyBegin& begin);
    void take(const Frame& frame);
    void let_go(const std::string& reason);
    void move_to(Lsn lsn);
    void wait_for_room();

    StreamName stream_;
    config::Database database_;
    storage::ChangeSpool& spool_;
    std::uint64_t spool_limit_bytes_;
    DatabaseReceiverEvents events_;
    postgres::WakeEvent stop_;
    std::atomic<std::uint64_t> position_{0};
    std::atomic<std::uint64_t> synced_segment_{0};  // that sync() has named last
};

}  // namespace farshore::secondary
