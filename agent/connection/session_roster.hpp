#pragma once
// The sessions of a listener that are not complete yet, lane by lane.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/connection/deadline.hpp"
#include "agent/connection/lane_group.hpp"
#include "agent/connection/session.hpp"

namespace farshore::connection {

// Invariants: a peer has one session, complete or not; a lane joins only the session that its Hello
// names, once, and only as a lane that the control lane has announced. For the network thread.
class SessionRoster {
  public:
    // patience: how long the lanes of a session may take to be all there.
    SessionRoster(std::shared_ptr<asio::io_context> context, Duration patience)
        : context_(std::move(context)), patience_(patience) {}

    // Closes what the peer had before: it begins anew.
    void replace(const AgentName& peer);
    // A control lane was answered.
    void open(const AgentName& peer, const Hello& hello, const Welcome& welcome,
              const std::shared_ptr<AsioLane>& control);
    // What another lane is to be told; throws Error(malformed) for one that does not belong.
    [[nodiscard]] Welcome welcome_of(const AgentName& peer, const Hello& hello);
    // Adds it; the session, when this was the last one.
    [[nodiscard]] std::shared_ptr<Session> join(const AgentName& peer, const Hello& hello,
                                                const std::shared_ptr<AsioLane>& lane);
    // Gives up what is not complete.
    void clear();

  private:
    struct Open {
        std::shared_ptr<Session> session;
        std::shared_ptr<LaneGroup> group;
        std::size_t missing = 0;
        std::unique_ptr<Deadline> deadline;
    };

    std::shared_ptr<asio::io_context> context_;
    Duration patience_;
    std::map<AgentName, Open> open_;
    std::map<AgentName, std::weak_ptr<LaneGroup>> complete_;
};

}  // namespace farshore::connection
