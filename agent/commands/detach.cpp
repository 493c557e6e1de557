#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/detachment.hpp"
#include "agent/commands/output.hpp"
#include "agent/config/load.hpp"
#include "storage/disk/posix_file_system.hpp"

namespace farshore::commands {

namespace {

std::string lines_of(const std::vector<Detached>& items, std::string_view verb) {
    std::string text;
    for (const Detached& item : items) {
        text += item.error.empty()
                    ? fmt::format("{} {}: {}\n", verb, item.place, item.what)
                    : fmt::format("left {}: {}: {}\n", item.place, item.what, item.error);
    }
    return text.empty() ? "nothing of farshore is here\n" : text;
}

boost::json::value json_of(const std::vector<Detached>& items) {
    boost::json::array list;
    for (const Detached& item : items) {
        boost::json::object entry{{"place", item.place}, {"what", item.what}};
        entry["error"] = boost::json::value(nullptr);
        if (!item.error.empty()) {
            entry["error"] = item.error;
        }
        list.push_back(std::move(entry));
    }
    return boost::json::object{{"detached", std::move(list)}};
}

}  // namespace

int run_detach(const Arguments& arguments) {
    std::string file;
    bool yes = false;
    bool as_json = false;
    CommandLine line("detach",
                     "Removes everything farshore made on this host's databases (slot, "
                     "publication, triggers, schema) and trees (.farshore). Files, rows and the "
                     "state directory stay. Stop the agent first.",
                     "farshore detach --config /etc/farshore/farshore.toml");
    line.option("--config", "FILE", file, "The agent's config", CommandLine::Need::required);
    line.flag("--yes", yes, "Do not ask");
    line.flag("--json", as_json, "Print JSON");
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    storage::PosixFileSystem files;
    const config::Config loaded = config::load(files, file);
    if (!yes) {
        const auto found = list_attached(loaded);
        fmt::print(stderr, "{}", lines_of(found, "would remove"));
        if (!confirm("Remove all of this?")) {
            throw Error(ErrorCode::usage, "detach: nothing was removed (answer yes, or use --yes)");
        }
    }
    const auto done = detach(files, loaded);
    as_json ? print_json(json_of(done)) : print(lines_of(done, "removed"));
    const bool all = std::all_of(done.begin(), done.end(),
                                 [](const Detached& item) { return item.error.empty(); });
    return all ? 0 : 2;
}

}  // namespace farshore::commands
