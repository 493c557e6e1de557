#include <fmt/core.h>

#include <charconv>
#include <filesystem>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/output.hpp"
#include "agent/commands/text_format.hpp"
#include "agent/commands/verify_text.hpp"
#include "agent/config/load.hpp"
#include "agent/control/control_client.hpp"
#include "agent/control/verify_json.hpp"
#include "agent/verification/verification.hpp"
#include "storage/disk/posix_file_system.hpp"

namespace farshore::commands {

namespace json = boost::json;

namespace {

struct VerifyOptions {
    std::string config_file, socket, trust, witness, at;
    config::Store store;
    std::vector<std::string> trees, databases;
    verification::VerifyRequest request;
    bool repair = false;
    bool as_json = false;
};

void describe(CommandLine& line, VerifyOptions& options) {
    line.option("--config", "FILE", options.config_file,
                "Ask that config's agent; without one running, check what can be checked alone");
    line.option("--store", "URL", options.store.url, "Check this store, without any agent");
    line.option("--trust", "FILE", options.trust, "The trusted keys, for --store");
    line.option("--witness", "DIR", options.witness,
                "An agent's own evidence (evidence/ of its state): the store must hold all of it");
    line.option("--region", "REGION", options.store.region, "Of --store's bucket");
    line.option("--endpoint", "URL", options.store.endpoint, "Of an S3-compatible server");
    line.flag("--path-style", options.store.path_style, "The bucket goes into the path");
    line.flag("--chain", options.request.chain,
              "The evidence: signatures, order, and every object that a manifest names");
    line.flag("--files", options.request.files, "Every path of the trees on disk");
    line.flag("--databases", options.request.databases, "The databases, table by table");
    line.options("--tree", "NAME", options.trees, "Only this tree");
    line.options("--database", "NAME", options.databases, "Only this database");
    line.option("--at", "MARK", options.at, "As of this mark; the newest applied one without");
    line.flag("--repair", options.repair, "Not in this version: is refused");
    line.flag("--json", options.as_json, "Print JSON");
    line.socket(options.socket);
}

void complete(VerifyOptions& options) {
    if (options.repair) {
        throw Error(ErrorCode::unsupported,
                    "verify --repair is not in this version: nothing was checked");
    }
    if (options.store.url.empty() != options.trust.empty()) {
        throw Error(ErrorCode::usage, "verify: --store and --trust belong together");
    }
    if (!options.witness.empty()) {
        options.witness = std::filesystem::absolute(options.witness).lexically_normal().string();
    }
    if (!options.store.url.empty() && !options.config_file.empty()) {
        throw Error(ErrorCode::usage, "verify: either --config or --store, not both");
    }
    if (options.store.region.empty()) {
        options.store.region = "us-east-1";
    }
    if (options.store.url.starts_with("file:")) {
        options.store.url =
            "file:" + std::filesystem::absolute(options.store.url.substr(5)).string();
    }
    for (const std::string& name : options.trees) {
        options.request.only_trees.emplace_back(name);
    }
    for (const std::string& name : options.databases) {
        options.request.only_databases.emplace_back(name);
    }
    if (!options.at.empty()) {
        std::uint64_t mark = 0;
        const char* end = options.at.data() + options.at.size();
        if (std::from_chars(options.at.data(), end, mark).ptr != end || mark == 0) {
            throw Error(ErrorCode::usage,
                        fmt::format("verify: --at \"{}\" is not a mark's number", options.at));
        }
        options.request.at = MarkNumber(mark);
    }
}

control::Parameters parameters_of(const verification::VerifyRequest& request) {
    control::Parameters parameters{{"progress", "1"}};
    for (const auto& [name, set] :
         {std::pair{"chain", request.chain}, std::pair{"files", request.files},
          std::pair{"databases", request.databases}}) {
        if (set) {
            parameters.emplace_back(name, "1");
        }
    }
    for (const SourceName& name : request.only_trees) {
        parameters.emplace_back("tree", name.str());
    }
    for (const SourceName& name : request.only_databases) {
        parameters.emplace_back("database", name.str());
    }
    if (request.at) {
        parameters.emplace_back("at", std::to_string(request.at->value()));
    }
    return parameters;
}

json::value ask_agent(const VerifyOptions& options, ProgressLine& progress) {
    json::value report;
    // A primary says nothing while its secondaries read all their files: as long as it gives them.
    const control::Call call{.method = "POST",
                             .path = "/v1/verify",
                             .parameters = parameters_of(options.request),
                             .timeout = Duration::from_seconds(5 * 3'600)};
    control::ControlClient(options.socket).stream(call, [&](const json::value& line) {
        const json::value& now = member(line, "progress");
        if (now.is_object()) {
            progress.show(text(now, "what") + " " + text(now, "source"),
                          number(now, "done").value_or(0), number(now, "total"), text(now, "unit"));
            return true;
        }
        report = member(line, "report");
        return false;
    });
    if (!report.is_object()) {
        throw Error(ErrorCode::connection_lost, "the agent ended before it had a result");
    }
    return report;
}

json::value check_alone(const verification::OfflineRequest& request, ProgressLine& progress) {
    return control::to_json(
        verification::verify_offline(request, [&](const verification::VerifyProgress& now) {
            const auto total =
                now.total ? std::optional(static_cast<double>(*now.total)) : std::nullopt;
            progress.show(now.what + " " + now.source, static_cast<double>(now.done), total,
                          now.unit);
        }));
}

json::value verify(VerifyOptions& options, ProgressLine& progress) {
    if (!options.store.url.empty()) {
        return check_alone({options.request, options.store, options.trust, options.witness, {}},
                           progress);
    }
    if (options.config_file.empty()) {
        return ask_agent(options, progress);
    }
    storage::PosixFileSystem files;
    const config::Config loaded = config::load(files, options.config_file);
    options.socket = loaded.agent.socket;
    try {
        return ask_agent(options, progress);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::no_agent) {
            throw;
        }
    }
    return check_alone(
        {options.request, loaded.store, loaded.signing.trust, options.witness, loaded.trees},
        progress);
}

}  // namespace

int run_verify(const Arguments& arguments) {
    VerifyOptions options;
    CommandLine line("verify",
                     "Checks the evidence, the files and the databases. Exit 0: all that was asked "
                     "for was checked and is equal; 1: a difference; 2: no difference, but "
                     "something was not checked.",
                     "farshore verify --config /etc/farshore/farshore.toml");
    describe(line, options);
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    complete(options);
    ProgressLine progress;
    json::value report;
    try {
        report = verify(options, progress);
    } catch (const Error& error) {
        // Whatever it was (a timeout, say): 1 is for a difference alone.
        progress.clear();
        print_error(error);
        return 2;
    }
    progress.clear();
    options.as_json ? print_json(report) : print(verify_text(report));
    return static_cast<int>(number(report, "exit_status").value_or(2));
}

}  // namespace farshore::commands
