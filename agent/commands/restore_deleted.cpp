#include <fmt/core.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <filesystem>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/output.hpp"
#include "agent/commands/text_format.hpp"
#include "agent/config/load.hpp"
#include "agent/control/control_client.hpp"
#include "agent/runtime/system_clock.hpp"
#include "agent/secondary/files/restore_deleted.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/state_paths.hpp"
#include "storage/state/secondary_state.hpp"

namespace farshore::commands {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

struct RestoreOptions {
    std::string path, tree, at, to, config_file, socket;
    bool only_list = false;
    bool as_json = false;
};

Error usage(const std::string& message) {
    return {ErrorCode::usage, "restore-deleted: " + message};
}

// As entries have it: relative, without "./" or a slash at the end.
std::string path_in_tree(std::string_view given) {
    while (given.starts_with("./")) {
        given.remove_prefix(2);
    }
    while (given.size() > 1 && given.ends_with('/')) {
        given.remove_suffix(1);
    }
    std::string path(given.empty() ? "." : given);
    if (!is_safe_path(path)) {
        throw usage(fmt::format("{} is not a path within a tree", path));
    }
    return path;
}

config::Config config_of(storage::FileSystem& files, const RestoreOptions& options) {
    if (!options.config_file.empty()) {
        return config::load(files, options.config_file);
    }
    const json::value status =
        control::ControlClient(options.socket).call({.method = "GET", .path = "/v1/status"});
    return config::load(files, text(status, "config_file"));
}

const config::Tree& tree_of(const config::Config& config, const std::string& name) {
    if (config.agent.role != config::Role::secondary) {
        throw Error(ErrorCode::not_secondary,
                    "NOT_SECONDARY: deleted files are retained on the secondary");
    }
    if (name.empty() && config.trees.size() == 1) {
        return config.trees.front();
    }
    for (const config::Tree& tree : config.trees) {
        if (tree.name.str() == name) {
            return tree;
        }
    }
    throw usage(name.empty() ? "there are several trees here: say which with --tree"
                             : fmt::format("{} has no tree \"{}\"", config.file, name));
}

void require_outside(storage::FileSystem& files, const config::Config& config,
                     const fs::path& place) {
    for (const config::Tree& tree : config.trees) {
        const storage::FileStatus root = files.status(files.open_root(tree.path));
        for (fs::path up = place;; up = up.parent_path()) {
            const storage::FileStatus there = files.status(files.open_root(up));
            if (there.inode == root.inode && there.filesystem == root.filesystem) {
                throw usage(fmt::format("{} is within tree {}", place.string(), tree.name.str()));
            }
            if (up == up.root_path()) {
                break;
            }
        }
    }
}

// The target, made when only its last component is missing; refused within any of the trees.
storage::Handle open_target(storage::FileSystem& files, const config::Config& config,
                            const std::string& to) {
    fs::path folder = fs::absolute(to).lexically_normal();
    if (!folder.has_filename()) {
        folder = folder.parent_path();
    }
    if (!fs::exists(folder)) {
        if (!fs::exists(folder.parent_path())) {
            throw usage(fmt::format("{} is not there", folder.parent_path().string()));
        }
        const fs::path above = fs::canonical(folder.parent_path());
        require_outside(files, config, above);
        files.make_directory(files.open_root(above), folder.filename().string(), 0700);
    }
    const fs::path real = fs::canonical(folder);
    require_outside(files, config, real);
    return files.open_root(real);
}

json::object json_of(const storage::RetainedEntry& kept) {
    const FileEntry& entry = kept.entry;
    json::object out{{"path", entry.path}, {"retained_at", to_rfc3339(kept.how.at)}};
    out["replaced"] = kept.how.replaced;
    out["is_directory"] = entry.type == EntryType::directory;
    out["size_bytes"] = entry.size;
    out["sha256"] = entry.sha256 ? json::value(entry.sha256->hex()) : json::value(nullptr);
    return out;
}

std::string line_of(const storage::RetainedEntry& kept) {
    const FileEntry& entry = kept.entry;
    return fmt::format("{}  {:<8}  {:>10}  {}{}\n", time_text(to_rfc3339(kept.how.at)),
                       kept.how.replaced ? "replaced" : "deleted",
                       bytes_text(static_cast<double>(entry.size)), entry.path,
                       entry.type == EntryType::directory ? "/" : "");
}

int list_retained(storage::SecondaryIndex& index, const config::Tree& tree, const std::string& path,
                  Timestamp until, bool as_json) {
    json::array found;
    std::size_t count = 0;
    index.retained().walk(tree.name, path, until, [&](const storage::RetainedEntry& kept) {
        ++count;
        if (as_json) {
            found.push_back(json_of(kept));
        } else {
            print(line_of(kept));
        }
    });
    if (as_json) {
        print_json(json::object{{"tree", tree.name.str()}, {"retained", std::move(found)}});
    }
    return count > 0 ? 0 : 1;
}

struct Outcome {
    json::array restored, problems;
    std::size_t count = 0;
};

Outcome restore(secondary::RestoreDeleted& deed, const std::string& path, Timestamp until,
                const std::string& name, bool as_json) {
    Outcome outcome;
    ProgressLine progress;
    deed.run(path, until, name, [&](const secondary::GivenBack& given) {
        json::object entry = json_of(given.kept);
        if (given.problem.empty()) {
            ++outcome.count;
            progress.show("restore", static_cast<double>(outcome.count), std::nullopt, "entries");
            if (as_json) {
                outcome.restored.push_back(std::move(entry));
            }
        } else {
            entry["problem"] = given.problem;
            outcome.problems.push_back(std::move(entry));
        }
    });
    return outcome;
}

int restore_to(storage::FileSystem& files, const config::Config& config, const config::Tree& tree,
               const RestoreOptions& options, Timestamp until) {
    storage::SecondaryState state(
        storage::StatePaths(config.agent.state).absolute(storage::StatePaths::database));
    const std::string path = path_in_tree(options.path);
    if (options.only_list) {
        return list_retained(state.index(), tree, path, until, options.as_json);
    }
    const storage::Handle root = files.open_root(tree.path);
    const storage::Handle target = open_target(files, config, options.to);
    const std::string name = path == "." ? tree.name.str() : path.substr(path.rfind('/') + 1);
    if (files.status(target, name)) {
        throw Error(
            ErrorCode::already_exists,
            fmt::format("{}/{} is there already; nothing is written over", options.to, name));
    }
    secondary::RestoreDeleted deed(files, root, state.index(), tree.name, target);
    const Outcome outcome = restore(deed, path, until, name, options.as_json);
    for (const json::value& problem : outcome.problems) {
        fmt::print(stderr, "not restored: {}: {}\n", text(problem, "path"),
                   text(problem, "problem"));
    }
    const bool nothing = outcome.count == 0 && outcome.problems.empty();
    if (options.as_json) {
        print_json(json::object{{"tree", tree.name.str()},
                                {"to", options.to + "/" + name},
                                {"restored", outcome.restored},
                                {"problems", outcome.problems}});
    } else if (nothing) {
        print(fmt::format("nothing of {} is retained\n", path));
    } else {
        print(fmt::format("{} given back as {}/{}\n",
                          count_text(static_cast<double>(outcome.count), "entry", "entries"),
                          options.to, name));
    }
    return nothing ? 1 : (outcome.problems.empty() ? 0 : 2);
}

}  // namespace

int run_restore_deleted(const Arguments& arguments) {
    RestoreOptions options;
    CommandLine line("restore-deleted",
                     "On a secondary: gives back a file or a folder that the primary deleted (or "
                     "replaced, with keep_replaced), as it was, as long as it is retained. It is "
                     "put into another directory, never into the replica.",
                     "farshore restore-deleted 2026/invoices --tree uploads --to /root/found");
    line.positional("PATH", options.path, "Within the tree; \".\" for all that is retained");
    line.option("--tree", "NAME", options.tree, "Which tree, when there are several");
    line.option("--at", "TIME", options.at,
                "The newest version retained at this time or before (RFC 3339); now without");
    line.option("--to", "DIR", options.to, "Where it is put; made when missing");
    line.flag("--list", options.only_list, "List every version that is retained; restore nothing");
    line.flag("--json", options.as_json, "Print JSON");
    line.option("--config", "FILE", options.config_file,
                "The agent's config; without it the running agent is asked for its own");
    line.socket(options.socket);
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    if (options.to.empty() == !options.only_list) {
        throw usage("either --to DIR or --list");
    }
    storage::PosixFileSystem files;
    Timestamp until = runtime::SystemClock().utc_now();
    if (!options.at.empty()) {
        const auto at = parse_rfc3339(options.at);
        if (!at) {
            throw usage(
                fmt::format("--at \"{}\" is not a time like 2026-11-22T18:44:49Z", options.at));
        }
        until = *at;
    }
    const config::Config config = config_of(files, options);
    return restore_to(files, config, tree_of(config, options.tree), options, until);
}

}  // namespace farshore::commands
