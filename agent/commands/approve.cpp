#include <fmt/core.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/output.hpp"
#include "agent/commands/text_format.hpp"
#include "agent/control/control_client.hpp"
#include "agent/runtime/log.hpp"

namespace farshore::commands {

namespace json = boost::json;

namespace {

std::string held_text(const json::value& held) {
    std::string lines;
    for (const json::value& batch : list(held, "held")) {
        lines +=
            fmt::format("{}  tree {}: {} of {}, since {}\n", text(batch, "id"), text(batch, "tree"),
                        count_text(number(batch, "entries"), "deletion", "deletions"),
                        count_text(number(batch, "of_entries"), "entry", "entries"),
                        time_text(text(batch, "since")));
        for (const json::value& path : list(batch, "paths")) {
            lines += fmt::format("     {}\n", log::visible(std::string_view(path.as_string())));
        }
        if (number(batch, "entries") > static_cast<double>(list(batch, "paths").size())) {
            lines += "     ...\n";
        }
    }
    return lines.empty() ? "nothing is held\n" : lines;
}

}  // namespace

int run_approve(const Arguments& arguments) {
    std::string id;
    std::string socket;
    bool as_json = false;
    CommandLine line("approve",
                     "On the primary: lists the deletions that delete_guard holds back, or lets "
                     "those of one batch go that are in it now. What is deleted later is judged "
                     "anew.",
                     "farshore approve 3");
    line.positional("ID", id, "The batch to let go; without it they are listed",
                    CommandLine::Need::optional);
    line.flag("--json", as_json, "Print JSON");
    line.socket(socket);
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    const control::ControlClient agent(socket);
    const json::value result =
        id.empty()
            ? agent.call({.method = "GET", .path = "/v1/held"})
            : agent.call({.method = "POST", .path = "/v1/approve", .parameters = {{"id", id}}});
    if (as_json) {
        print_json(result);
    } else if (id.empty()) {
        print(held_text(result));
    } else {
        print(fmt::format("{} of batch {} approved\n",
                          count_text(number(result, "entries"), "deletion", "deletions"), id));
    }
    return 0;
}

}  // namespace farshore::commands
