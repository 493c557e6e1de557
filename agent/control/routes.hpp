#pragma once
// Path -> call of the agent: decodes, calls, encodes. Decides nothing about the stream.

#include <cstdint>

#include "agent/control/agent_api.hpp"
#include "agent/control/request.hpp"
#include "agent/runtime/sleeper.hpp"

namespace farshore::control {

// Thread-safe: several requests at once.
class Routes {
  public:
    // `own_uid`: besides root, the only user whose changing calls are done.
    Routes(AgentApi& agent, runtime::Sleeper& sleeper, std::uint32_t own_uid)
        : agent_(agent), sleeper_(sleeper), own_uid_(own_uid) {}

    // Answers every request, with an error where there is one. Throws only LostCaller.
    void handle(const Request& request, RequestBody& body, Reply& reply,
                const runtime::StopToken& stop);

  private:
    AgentApi& agent_;
    runtime::Sleeper& sleeper_;
    std::uint32_t own_uid_;
};

// The status line's number that an error is told with.
[[nodiscard]] int http_status(ErrorCode code);

}  // namespace farshore::control
