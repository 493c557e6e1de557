#include <fmt/core.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <filesystem>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/initial_config.hpp"
#include "agent/commands/new_files.hpp"
#include "agent/commands/output.hpp"
#include "agent/config/load.hpp"
#include "agent/connection/certificates.hpp"
#include "agent/runtime/system_clock.hpp"
#include "protocol/signing.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/evidence/trust_file.hpp"

namespace farshore::commands {

namespace {

constexpr const char* example =
    "farshore init --stream shop --out farshore-shop \\\n"
    "    --primary app-east=app-east.example.net:7450 \\\n"
    "    --secondary app-west=app-west.example.net:7450 \\\n"
    "    --store s3://example-evidence/shop \\\n"
    "    --tree uploads=/srv/app/uploads --replica-tree uploads=/srv/app/uploads \\\n"
    "    --database app=service=app --replica-database app=service=app";

void describe(CommandLine& line, InitArguments& given, bool& as_json) {
    using enum CommandLine::Need;
    line.option("--stream", "NAME", given.stream, "Name of the stream", required);
    line.option("--out", "DIR", given.out, "Where everything is written; nothing is overwritten",
                required);
    line.option("--primary", "NAME=HOST:PORT", given.primary, "The primary, as peers reach it",
                required);
    line.options("--secondary", "NAME=HOST:PORT", given.secondaries,
                 "A secondary, as the primary reaches it; once for each", required);
    line.option("--store", "URL", given.store,
                "s3://BUCKET/PREFIX or file:PATH; without, the folder store in DIR");
    line.option("--region", "REGION", given.region, "Of the bucket");
    line.option("--endpoint", "URL", given.endpoint, "Of an S3-compatible server");
    line.flag("--path-style", given.path_style, "The bucket goes into the path");
    line.options("--tree", "NAME=PATH", given.trees, "A tree, where it lies on the primary");
    line.options("--replica-tree", "NAME=PATH", given.replica_trees,
                 "Where that tree goes on the secondaries");
    line.options("--database", "NAME=CONNINFO", given.databases, "A database on the primary");
    line.options("--replica-database", "NAME=CONNINFO", given.replica_databases,
                 "Where that database goes on the secondaries");
    line.flag("--system", given.system, "State in /var/lib/farshore, socket in /run/farshore");
    line.flag("--json", as_json, "Print JSON");
}

std::vector<NewFile> make_files(const InitPlan& plan) {
    runtime::SystemClock clock;
    const Timestamp now = clock.utc_now();
    const auto ca = connection::make_ca(plan.stream, now);
    TrustSet trust{StreamName(plan.stream)};
    std::vector<NewFile> files;
    for (const InitAgent& agent : plan.agents()) {
        const std::string folder = plan.out + "/" + agent.name + "/";
        const AgentName name(agent.name);
        const auto pair = connection::make_agent_certificate(ca, name, {agent.at.host}, now);
        const SigningKey key = SigningKey::generate();
        trust.add({name, key.public_key(), now, std::nullopt});
        const std::string text = config_text(plan, agent);
        // What init writes must load: the same complaints as the agent's, before anything is made.
        static_cast<void>(config::parse(text, folder + "farshore.toml"));
        files.push_back({folder + "farshore.toml", text, 0644});
        files.push_back({folder + "ca.crt", ca.certificate, 0644});
        files.push_back({folder + "agent.crt", pair.certificate, 0644});
        files.push_back({folder + "agent.key", pair.key, 0600});
        files.push_back({folder + "signing.key", key.to_pem(), 0600});
    }
    const std::string trust_text = storage::write_trust_file(trust);
    for (const InitAgent& agent : plan.agents()) {
        files.push_back({plan.out + "/" + agent.name + "/trust.toml", trust_text, 0644});
    }
    files.push_back({plan.out + "/trust.toml", trust_text, 0644});
    files.push_back({plan.out + "/ca.crt", ca.certificate, 0644});
    files.push_back({plan.out + "/ca.key", ca.key, 0600});
    return files;
}

std::string next_steps(const InitPlan& plan) {
    std::string text = fmt::format("stream {}: keys, certificates and configs are in {}\n\n",
                                   plan.stream, plan.out);
    for (const InitAgent& agent : plan.agents()) {
        text +=
            fmt::format("  {}/  {}, at {}\n", agent.name,
                        agent.name == plan.primary.name ? "primary" : "secondary", agent.address);
    }
    text += "\nBring each agent's folder to its host, and run there as the agent's user:\n";
    text += plan.system
                ? fmt::format(
                      "  copy {}/NAME/* to /etc/farshore/, owned by farshore\n"
                      "  systemctl enable --now farshore\n",
                      plan.out)
                : fmt::format("  farshore agent --config {}/NAME/farshore.toml\n", plan.out);
    if (!plan.trees.empty()) {
        text += "\nThe folders of the trees must exist, on the secondaries empty:\n";
        for (const InitSource& tree : plan.trees) {
            text += fmt::format("  {}: {} on the primary, {} on the secondaries\n", tree.name,
                                tree.primary, tree.replica);
        }
    }
    return text + "\nKeep ca.key safe and off the hosts: it makes agents.\n";
}

}  // namespace

int run_init(const Arguments& arguments) {
    InitArguments given;
    bool as_json = false;
    CommandLine line("init",
                     "Makes a CA, and for each agent a folder with config, certificate, signing "
                     "key and trust file: nothing else to edit for a working pair.",
                     example);
    describe(line, given, as_json);
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    const InitPlan plan = make_plan(given, std::filesystem::current_path().string());
    storage::PosixFileSystem files;
    const std::vector<NewFile> wanted = make_files(plan);
    write_new_files(files, wanted, 0700);
    if (as_json) {
        boost::json::array paths;
        for (const NewFile& file : wanted) {
            paths.emplace_back(file.path);
        }
        print_json(boost::json::object{
            {"stream", plan.stream}, {"out", plan.out}, {"files", std::move(paths)}});
    } else {
        print(next_steps(plan));
    }
    return 0;
}

}  // namespace farshore::commands
