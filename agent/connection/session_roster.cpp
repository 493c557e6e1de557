#include "agent/connection/session_roster.hpp"

#include <algorithm>

namespace farshore::connection {

namespace {

bool is_taken(const Session& session, const Hello& hello) {
    if (hello.lane == LaneKind::database) {
        return session.databases.contains(*hello.database);
    }
    return hello.bulk_index < session.bulk.size() && session.bulk[hello.bulk_index] != nullptr;
}

bool is_announced(const Session& session, const Hello& hello) {
    if (hello.lane == LaneKind::database) {
        const auto& names = session.hello.databases;
        return std::find(names.begin(), names.end(), *hello.database) != names.end();
    }
    return hello.lane == LaneKind::bulk && hello.bulk_lanes == session.hello.bulk_lanes;
}

}  // namespace

void SessionRoster::replace(const AgentName& peer) {
    const Error reason(ErrorCode::connection_lost,
                       "a newer session of " + peer.str() + " took its place");
    if (const auto found = open_.find(peer); found != open_.end()) {
        const auto group = found->second.group;
        open_.erase(found);
        group->close(reason);
    }
    if (const auto found = complete_.find(peer); found != complete_.end()) {
        if (const auto group = found->second.lock()) {
            group->close(reason);
        }
        complete_.erase(found);
    }
}

void SessionRoster::open(const AgentName& peer, const Hello& hello, const Welcome& welcome,
                         const std::shared_ptr<AsioLane>& control) {
    Open opened;
    opened.session = std::make_shared<Session>();
    opened.session->peer = peer;
    opened.session->hello = hello;
    opened.session->welcome = welcome;
    opened.session->control = control;
    opened.group = std::make_shared<LaneGroup>();
    opened.group->add(control);
    opened.missing = hello.databases.size() + hello.bulk_lanes;
    opened.deadline = std::make_unique<Deadline>(
        *context_, patience_, [this, peer, group = std::weak_ptr(opened.group)] {
            if (const auto late = group.lock()) {
                late->close(Error(ErrorCode::timeout,
                                  "not all lanes of " + peer.str() + " have come in time"));
            }
            open_.erase(peer);
        });
    open_[peer] = std::move(opened);
}

Welcome SessionRoster::welcome_of(const AgentName& peer, const Hello& hello) {
    const auto found = open_.find(peer);
    if (found == open_.end() || found->second.session->hello.session_id != hello.session_id ||
        found->second.group->is_closed()) {
        throw Error(ErrorCode::connection_lost, "the session of this lane is over");
    }
    const Session& session = *found->second.session;
    if (!is_announced(session, hello) || is_taken(session, hello)) {
        throw Error(ErrorCode::malformed, "a lane that the control lane did not announce");
    }
    Welcome welcome;
    welcome.version = session.welcome.version;
    welcome.agent = session.welcome.agent;
    welcome.epoch = session.welcome.epoch;
    welcome.boot_id = session.welcome.boot_id;
    return welcome;
}

std::shared_ptr<Session> SessionRoster::join(const AgentName& peer, const Hello& hello,
                                             const std::shared_ptr<AsioLane>& lane) {
    // Between the Welcome and now the session may have been replaced, or the lane come twice.
    static_cast<void>(welcome_of(peer, hello));
    const auto found = open_.find(peer);
    Open& opened = found->second;
    opened.group->add(lane);
    attach_lane(*opened.session, hello, lane);
    if (--opened.missing > 0) {
        return nullptr;
    }
    std::shared_ptr<Session> session = std::move(opened.session);
    complete_[peer] = opened.group;
    open_.erase(found);
    return session;
}

void SessionRoster::clear() {
    for (const auto& [peer, opened] : open_) {
        opened.group->close(Error(ErrorCode::cancelled, "the listener is being shut down"));
    }
    open_.clear();
}

}  // namespace farshore::connection
