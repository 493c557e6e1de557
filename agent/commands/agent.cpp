#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/config/load.hpp"
#include "agent/daemon/daemon.hpp"
#include "storage/disk/posix_file_system.hpp"

namespace farshore::commands {

int run_agent(const Arguments& arguments) {
    std::string file;
    bool only_check = false;
    CommandLine line("agent", "Runs the agent in the foreground until SIGTERM.",
                     "farshore agent --config /etc/farshore/farshore.toml --check");
    line.option("--config", "FILE", file, "The agent's config", CommandLine::Need::required);
    line.flag("--check", only_check,
              "Validate config, keys, paths, store and databases, print what would fail, leave");
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    storage::PosixFileSystem files;
    const config::Config loaded = config::load(files, file);
    return only_check ? daemon::check(loaded) : daemon::run(loaded);
}

}  // namespace farshore::commands
