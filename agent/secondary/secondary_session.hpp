#pragma once
// One session with the primary, from handshake to loss: its threads and what they share.

#include <functional>
#include <map>
#include <memory>

#include "agent/secondary/bulk_receiver.hpp"
#include "agent/secondary/cut_receiver.hpp"
#include "agent/secondary/evidence_keeper.hpp"
#include "agent/secondary/postgres/database_receiver.hpp"
#include "agent/secondary/replica_database.hpp"
#include "agent/session/control_channel.hpp"

namespace farshore::secondary {

// What a session uses of the role around it; all of it outlives the session.
struct SecondaryContext {
    const config::Config& config;
    Clock& clock;
    runtime::Random& random;
    storage::FileSystem& files;
    std::string state_file;
    const TrustSet& trust;
    FaultBoard& faults;
    const std::map<SourceName, std::shared_ptr<ReplicaTree>>& trees;
    const std::map<SourceName, std::shared_ptr<ReplicaDatabase>>& databases;
    EvidenceKeeper& evidence;
    std::function<void()> on_received;
    // A database's changes have come, whole transactions of them.
    std::function<void()> on_rows;
    std::function<void(const session::ClockSample&)> on_sample;
    // A fault or progress of the primary that it told us: state, reason, source.
    std::function<void(const PeerState&)> on_peer_state;
    // The primary's wishes: JSON in, JSON out.
    std::function<std::string(const std::string& verb, const std::string& json)> serve;
};

class SecondarySession {
  public:
    SecondarySession(const SecondaryContext& context, std::shared_ptr<connection::Session> session);

    // Blocks until the session ends or stop; the Error says why.
    [[nodiscard]] Error run(const runtime::StopToken& stop);
    // Thread-safe, while run() is under way.
    [[nodiscard]] std::string ask(const std::string& verb, const std::string& json,
                                  Duration timeout) {
        return channel_.ask(verb, json, timeout);
    }
    // To the primary; false when the session is ending.
    template <typename M>
    bool tell(const M& message) {
        try {
            connection::send(*session_->control, message);
            return true;
        } catch (const Error&) {
            return false;
        }
    }
    // Everything the primary committed at or before it is in the spool; 0 before changes flow.
    [[nodiscard]] Lsn position(const SourceName& database) const;
    [[nodiscard]] const connection::Session& session() const { return *session_; }

  private:
    void take(Frame frame);
    void run_database(const SourceName& name, const runtime::StopToken& stop);
    void record_standing(const SourceName& name, const DatabaseStanding& standing);
    bool let_go(const SourceName& name, const std::string& reason);
    DatabaseReceiverEvents database_events(const SourceName& name);
    CutReceiverParts cut_parts();

    const SecondaryContext& context_;
    std::shared_ptr<connection::Session> session_;
    storage::SecondaryState state_;  // of the cut thread
    std::map<SourceName, std::unique_ptr<DatabaseReceiver>> databases_;
    CutReceiver cuts_;
    session::ControlChannel channel_;
};

}  // namespace farshore::secondary
