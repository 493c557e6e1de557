#pragma once
// One database for one secondary: the first copy where it is missing, then every change, onto the
// session's database lane.

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "agent/config/config.hpp"
#include "agent/connection/lane.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/postgres/wake_event.hpp"
#include "agent/primary/postgres/replication_connection.hpp"
#include "agent/primary/stream_position.hpp"
#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/message_session.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

struct CopyProgress {
    std::uint64_t tables = 0;
    std::uint64_t tables_done = 0;
    std::uint64_t bytes = 0;  // an estimate
    std::uint64_t bytes_done = 0;
};

// Called on the thread of run(); they must not block for long.
struct DatabaseSourceEvents {
    // A transaction has passed: cluster and LSN behind its commit, and the SHA-256 of its bytes.
    // After a reconnect those come again that the secondary had not confirmed.
    std::function<void(const StreamPosition& commit_end, const Digest& sha256)> on_transaction;
    // position() has moved, or the first copy is complete.
    std::function<void()> on_position;
    std::function<void(const CopyProgress&)> on_copy;
};

// What run() and the calls from other threads share.
struct SourceState {
    postgres::WakeEvent stop;
    postgres::WakeEvent wake;
    std::atomic<bool> streaming{false};
    std::atomic<std::uint64_t> position{0};
    std::atomic<std::uint64_t> wanted{0};
    std::atomic<std::uint64_t> confirmed{0};
    std::atomic<std::uint64_t> whole_from{0};
};

// Invariants: position() only grows; all that was committed at or before it is on the lane,
// followed by a DatabasePosition; the slot is confirmed only up to what confirm() was told, which
// is at most position(); a lane that is full never keeps the server waiting for its replies.
class DatabaseSource {
  public:
    DatabaseSource(StreamName stream, AgentName peer, config::Database database, Clock& clock,
                   DatabaseSourceEvents events);

    // Blocks until stop(), or throws: database_gap when the stream can't go on where the secondary
    // stands, database_refused for a setting or right that is missing, database_unavailable when
    // the server is away (call it again), what the secondary answered when its copy failed, or the
    // lane's own Error. Call it once for each session.
    void run(connection::Lane& lane, const DatabaseStanding& standing);

    // The rest is thread-safe.
    void stop();
    // The secondary has the first copy, changes flow, and the decoder is past all moments that
    // tables were copied at.
    [[nodiscard]] bool is_streaming() const;
    // What the decoder has passed; 0 before is_streaming().
    [[nodiscard]] Lsn position() const;
    // The identifier of the cluster that streams; once is_streaming() was true.
    [[nodiscard]] const std::string& system() const { return system_; }
    // Sees to it that position() reaches `lsn` soon, also on an idle server.
    void want_position(Lsn lsn);
    // RECEIVED: the secondary holds everything up to `lsn` durably.
    void confirm(Lsn lsn);

  private:
    // Where the stream begins, and from where on all tables are as of one moment.
    struct Start {
        Lsn from;
        Lsn whole_from;
    };

    void serve(connection::Lane& lane, const DatabaseStanding& standing);
    // What of the server the standing is compared with.
    [[nodiscard]] std::optional<Error> gap_behind(postgres::Connection& ordinary,
                                                  ReplicationConnection& replication,
                                                  const DatabaseStanding& standing,
                                                  const SystemFacts& system) const;
    void require_no_gap(const std::optional<Error>& gap, connection::Lane& lane) const;
    [[nodiscard]] Start copy(postgres::Connection& ordinary, ReplicationConnection& replication,
                             connection::Lane& lane, const SystemFacts& system);
    // nullopt when there is nothing to go on with.
    [[nodiscard]] std::optional<Start> go_on_copying(postgres::Connection& ordinary,
                                                     connection::Lane& lane,
                                                     const DatabaseStanding& standing,
                                                     const SystemFacts& system);
    void on_copy(const CopyProgress& progress) const;

    StreamName stream_;
    AgentName peer_;
    config::Database database_;
    Clock& clock_;
    DatabaseSourceEvents events_;
    std::string system_;  // written before state_.streaming is set
    SourceState state_;
};

}  // namespace farshore::primary
