#pragma once
// A session: what two agents have with each other from one handshake to the loss of any of its
// lanes.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/connection/lane.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/message_session.hpp"

namespace farshore::connection {

// Invariants: all lanes are of one TLS-authenticated peer; when one lane closes, all do.
struct Session {
    AgentName peer;
    Hello hello;      // what the dialing side (the primary) said on the control lane
    Welcome welcome;  // what the accepting side (a secondary) answered
    std::shared_ptr<Lane> control;
    std::map<SourceName, std::shared_ptr<Lane>> databases;  // one for each database of the stream
    std::vector<std::shared_ptr<Lane>> bulk;                // at least one

    void close(const Error& reason) const {
        control->close(reason);
        for (const auto& [name, lane] : databases) {
            lane->close(reason);
        }
        for (const auto& lane : bulk) {
            lane->close(reason);
        }
    }
};

}  // namespace farshore::connection
