#include "agent/commands/command.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace farshore::commands {

namespace {

constexpr std::array table{
    Command{"init", "make keys, certificates and configs for the agents of a stream", run_init},
    Command{"agent", "run the agent in the foreground", run_agent},
    Command{"lag", "how far the secondaries are behind, and what would be lost now", run_lag},
    Command{"check", "the same as one line for Nagios", run_check},
    Command{"status", "what the agent does, holds and cannot carry", run_status},
    Command{"flush", "wait until everything from before is safe", run_flush},
    Command{"put", "copy a file into a tree and wait until the secondaries have it", run_put},
    Command{"verify", "check the evidence, the files and the databases", run_verify},
    Command{"approve", "list deletions that are held, or let them go", run_approve},
    Command{"restore-deleted", "give back what the primary deleted", run_restore_deleted},
    Command{"report", "the history of RPO and lag, as text, JSON, CSV or a page", run_report},
    Command{"detach", "remove what farshore made on this host", run_detach},
    Command{"keygen", "make one more signing key pair", run_keygen},
    Command{"version", "version, build and libraries", run_version},
};

}  // namespace

std::span<const Command> commands() {
    return table;
}

const Command* find_command(std::string_view name) {
    const auto* found = std::find_if(table.begin(), table.end(),
                                     [&](const Command& command) { return command.name == name; });
    return found == table.end() ? nullptr : found;
}

std::string overview() {
    std::string text =
        "farshore carries files and PostgreSQL changes to another region, and proves how far it "
        "got.\n\nUsage: farshore COMMAND [options]\n\n";
    for (const Command& command : table) {
        text += fmt::format("  {:<15} {}\n", command.name, command.summary);
    }
    return text + "\nfarshore COMMAND --help says more, with an example.\n";
}

}  // namespace farshore::commands
