#include <fmt/core.h>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/output.hpp"
#include "agent/commands/text_format.hpp"
#include "agent/control/control_client.hpp"

namespace farshore::commands {

int run_flush(const Arguments& arguments) {
    std::string socket;
    std::string until = "received";
    Duration timeout = Duration::from_ms(30'000);
    bool as_json = false;
    CommandLine line("flush",
                     "Forces a mark and waits until every secondary holds one in which nothing "
                     "from before the call is pending.",
                     "farshore flush --until applied --timeout 30s");
    line.choice("--until", {"received", "applied"}, until, "What to wait for");
    line.duration("--timeout", timeout, "Give up after this long (exit 1)");
    line.flag("--json", as_json, "Print JSON");
    line.socket(socket);
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    const std::string timeout_ms = fmt::format("{}ms", timeout.nanoseconds / 1'000'000);
    const auto result = control::ControlClient(socket).call(
        {.method = "POST",
         .path = "/v1/flush",
         .parameters = {{"until", until}, {"timeout", timeout_ms}},
         .timeout = timeout + Duration::from_ms(10'000)});
    if (as_json) {
        print_json(result);
    } else {
        print(fmt::format("mark {} of {} is {} by every secondary, after {}\n",
                          text(result, "mark"), time_text(text(result, "time")), until,
                          seconds_text(number(result, "waited_seconds"))));
    }
    return 0;
}

}  // namespace farshore::commands
