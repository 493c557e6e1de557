#pragma once
// One secondary, as long as the agent runs: dial, hold the session, dial again.

#include <functional>
#include <memory>
#include <mutex>

#include "agent/primary/peer_session.hpp"

namespace farshore::primary {

// Invariants: at most one session at a time.
class PeerLink {
  public:
    // Opens a session, or throws the Error that says why it can't.
    using Dial = std::function<connection::Session(const config::Peer&)>;
    PeerLink(const SessionContext& context, config::Peer peer, Dial dial);

    // Blocks until stop.
    void run(const runtime::StopToken& stop);
    // Before run(): what it was known to hold before this agent's start.
    void recall(storage::PrimaryState& state);

    [[nodiscard]] const AgentName& name() const { return peer_.name; }
    [[nodiscard]] PeerView view() const { return board_.view(); }
    // Null while there is no session.
    [[nodiscard]] std::shared_ptr<PeerSession> session() const;

  private:
    // Until the session ends; why it did.
    [[nodiscard]] Error hold(connection::Session opened, const runtime::StopToken& stop);

    const SessionContext& context_;
    config::Peer peer_;
    Dial dial_;
    PeerBoard board_;
    mutable std::mutex mutex_;
    std::shared_ptr<PeerSession> session_;
};

}  // namespace farshore::primary
