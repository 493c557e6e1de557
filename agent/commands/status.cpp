#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/lag_text.hpp"
#include "agent/commands/output.hpp"
#include "agent/commands/text_format.hpp"
#include "agent/control/control_client.hpp"

namespace farshore::commands {

namespace json = boost::json;

namespace {

std::string copy_text(const json::value& copy) {
    std::string line = fmt::format("    first copy: {}", text(copy, "done"));
    if (number(copy, "total")) {
        line += " of " + text(copy, "total");
    }
    line += fmt::format(" {}, {}", text(copy, "unit"), bytes_text(number(copy, "done_bytes")));
    if (number(copy, "total_bytes")) {
        line += " of " + bytes_text(number(copy, "total_bytes"));
    }
    return line + "\n";
}

std::string source_text(const json::value& source) {
    std::string lines =
        fmt::format("  {:<16} {:<8}  {:<10}  {}\n", text(source, "name"), text(source, "kind"),
                    text(source, "state"), text(source, "place"));
    lines += fmt::format("    as of {}", time_text(text(source, "as_of")));
    if (number(source, "entries")) {
        lines += fmt::format(", {}, {}", count_text(number(source, "entries"), "entry", "entries"),
                             bytes_text(number(source, "bytes")));
    }
    if (member(source, "swept").is_string()) {
        lines += fmt::format(", swept {}", time_text(text(source, "swept")));
    }
    lines += "\n";
    if (member(source, "first_copy").is_object()) {
        lines += copy_text(member(source, "first_copy"));
    }
    for (const json::value& path : list(source, "pending")) {
        lines += fmt::format("    pending: {}\n", text(path, "path"));
    }
    return lines;
}

std::string fault_text(const json::value& fault) {
    const std::string where = text(fault, "where");
    std::string lines = fmt::format("  {}{}: {}\n", text(fault, "code"),
                                    where == "-" || where.empty() ? "" : " (" + where + ")",
                                    text(fault, "message"));
    if (member(fault, "since").is_string()) {
        lines += fmt::format("    since {}\n", time_text(text(fault, "since")));
    }
    if (const std::string hint = text(fault, "hint"); hint != "-" && !hint.empty()) {
        lines += fmt::format("    {}\n", hint);
    }
    return lines;
}

std::string status_text(const json::value& status) {
    std::string out = lag_text(member(status, "lag"));
    out += "\nsources\n";
    for (const json::value& source : list(status, "sources")) {
        out += source_text(source);
    }
    const auto& faults = list(status, "faults");
    out += faults.empty() ? "\nfaults: none\n" : "\nfaults\n";
    for (const json::value& fault : faults) {
        out += fault_text(fault);
    }
    const auto& not_carried = list(status, "not_carried");
    out += not_carried.empty() ? "not carried: nothing known\n" : "\nnot carried\n";
    for (const json::value& item : not_carried) {
        const std::string source = text(item, "source");
        const std::string what = text(item, "what");
        // Of a database as a whole there is nothing narrower to name.
        out += what == source ? fmt::format("  {}: {}\n", source, text(item, "why"))
                              : fmt::format("  {}: {}: {}\n", source, what, text(item, "why"));
    }
    const json::value& fence = member(status, "fence");
    if (fence.is_bool() && !fence.get_bool()) {
        out +=
            "no fence: the store is a directory that the hosts may not share; nothing but you "
            "keeps two primaries apart\n";
    }
    out += fmt::format("\nfarshore {}, started {}\n", text(status, "version"),
                       time_text(text(status, "started")));
    out += fmt::format("  config {}\n  state  {}\n  listen {}\n  store  {}\n",
                       text(status, "config_file"), text(status, "state_directory"),
                       text(status, "listen"), text(status, "store_url"));
    out += fmt::format("  memory {}\n", bytes_text(number(status, "memory_bytes")));
    return out;
}

}  // namespace

int run_status(const Arguments& arguments) {
    std::string socket;
    bool as_json = false;
    CommandLine line("status",
                     "Role, epoch, session, sources, the first copy's progress, slots, the queue "
                     "to the store, and what cannot be carried and why.",
                     "farshore status --json");
    line.flag("--json", as_json, "Print JSON");
    line.socket(socket);
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    const auto status = control::ControlClient(socket).call({.path = "/v1/status"});
    as_json ? print_json(status) : print(status_text(status));
    return 0;
}

}  // namespace farshore::commands
