#pragma once
// Keeps one database flowing for as long as a session lasts: tries again while the server is away,
// and ends the session when a stream that had begun was broken.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "agent/primary/postgres/database_source.hpp"
#include "agent/primary/stream_position.hpp"
#include "agent/runtime/stop_token.hpp"

namespace farshore::primary {

class DatabaseTask {
  public:
    struct Events {
        std::function<void(const StreamPosition& end, const Digest&)> on_transaction;
        std::function<void()> on_position;
        std::function<void(const CopyProgress&)> on_copy;
        // Why it does not flow; nullopt: it flows.
        std::function<void(const std::optional<Error>&)> on_fault;
    };
    DatabaseTask(StreamName stream, AgentName peer, config::Database database, Clock& clock,
                 std::shared_ptr<connection::Lane> lane, DatabaseStanding standing, Events events);

    // Blocks until stop() or the lane's end. Throws the Error for which the session must end.
    void run(const runtime::StopToken& stop);
    // Thread-safe.
    void stop();
    [[nodiscard]] bool is_streaming() const;
    [[nodiscard]] StreamPosition position() const;
    void want_position(Lsn lsn);
    void confirm(Lsn lsn);

  private:
    std::shared_ptr<DatabaseSource> begin_attempt();
    [[nodiscard]] std::shared_ptr<DatabaseSource> source() const;

    StreamName stream_;
    AgentName peer_;
    config::Database database_;
    Clock& clock_;
    std::shared_ptr<connection::Lane> lane_;
    DatabaseStanding standing_;
    Events events_;
    mutable std::mutex mutex_;
    std::shared_ptr<DatabaseSource> source_;
    bool stopped_ = false;
    bool begun_ = false;    // a copy or stream of this attempt is on the lane
    bool flowing_ = false;  // it has passed a position
};

}  // namespace farshore::primary
