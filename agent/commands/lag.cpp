#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/lag_text.hpp"
#include "agent/commands/output.hpp"
#include "agent/control/control_client.hpp"

namespace farshore::commands {

int run_lag(const Arguments& arguments) {
    std::string socket;
    bool watch = false;
    bool as_json = false;
    CommandLine line("lag", "RPO and lag of the stream, its sources and its secondaries.",
                     "farshore lag --watch");
    line.flag("--watch", watch, "One line a second until interrupted");
    line.flag("--json", as_json, "Print JSON");
    line.socket(socket);
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    const control::ControlClient agent(socket);
    control::Call call{.path = "/v1/lag"};
    if (!watch) {
        const auto lag = agent.call(call);
        as_json ? print_json(lag) : print(lag_text(lag));
        return 0;
    }
    call.parameters = {{"watch", "1"}};
    agent.stream(call, [&](const boost::json::value& lag) {
        as_json ? print_json(lag) : print(lag_line(lag));
        return true;
    });
    throw Error(ErrorCode::no_agent, "the agent has ended");
}

}  // namespace farshore::commands
