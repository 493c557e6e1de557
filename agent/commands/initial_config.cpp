#include "agent/commands/initial_config.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>

#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::commands {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& message) {
    throw Error(ErrorCode::usage, message);
}

struct Pair {
    std::string name, value;
};

Pair split(const std::string& option, const std::string& text, const std::string& form) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
        refuse(fmt::format("{} \"{}\" is not {}", option, text, form));
    }
    Pair pair{text.substr(0, equals), text.substr(equals + 1)};
    if (!is_valid_name(pair.name)) {
        refuse(fmt::format("{} \"{}\": \"{}\" is not a name (letters, digits, . _ -)", option, text,
                           pair.name));
    }
    return pair;
}

InitAgent parse_agent(const std::string& option, const std::string& text) {
    const Pair pair = split(option, text, "NAME=HOST:PORT");
    const auto at = config::parse_host_port(pair.value);
    if (!at) {
        refuse(fmt::format("{} \"{}\": \"{}\" is not HOST:PORT", option, text, pair.value));
    }
    // What init itself writes beside the agents' folders.
    constexpr std::array<std::string_view, 4> taken{"ca.crt", "ca.key", "trust.toml", "store"};
    if (std::find(taken.begin(), taken.end(), pair.name) != taken.end()) {
        refuse(fmt::format("{} \"{}\": an agent can not be called {}", option, text, pair.name));
    }
    return {pair.name, *at, pair.value};
}

std::string absolute(const std::string& path, const std::string& beside) {
    std::string result = (fs::path(beside) / path).lexically_normal().string();
    while (result.size() > 1 && result.back() == '/') {
        result.pop_back();
    }
    return result;
}

// Pairs "--tree T=X" with "--replica-tree T=Y".
std::vector<InitSource> match(const std::string& option, const std::vector<std::string>& on_primary,
                              const std::vector<std::string>& on_replica, const std::string& form) {
    std::vector<InitSource> sources;
    for (const std::string& text : on_primary) {
        const Pair pair = split("--" + option, text, form);
        sources.push_back({pair.name, pair.value, ""});
    }
    for (const std::string& text : on_replica) {
        const Pair pair = split("--replica-" + option, text, form);
        const auto found = std::find_if(sources.begin(), sources.end(),
                                        [&](const InitSource& s) { return s.name == pair.name; });
        if (found == sources.end()) {
            refuse(
                fmt::format("--replica-{} {} has no --{} of that name", option, pair.name, option));
        }
        if (!found->replica.empty()) {
            refuse(fmt::format("--replica-{} {} is there twice", option, pair.name));
        }
        found->replica = pair.value;
    }
    for (const InitSource& source : sources) {
        if (source.replica.empty()) {
            refuse(fmt::format("--{} {} needs --replica-{} {}=…", option, source.name, option,
                               source.name));
        }
    }
    return sources;
}

std::string toml_text(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result.push_back('\\');
            result.push_back(c);
        } else if (byte < 0x20 || byte == 0x7f) {
            result += fmt::format("\\u{:04x}", byte);
        } else {
            result.push_back(c);
        }
    }
    return result + '"';
}

bool is_loopback(const std::string& host) {
    return host == "localhost" || host.starts_with("127.") || host == "::1";
}

// A pair on one machine listens on the loopback only; elsewhere the name may not be an address of
// the host itself (NAT), so it listens on all.
std::string listen_text(const InitAgent& agent) {
    const bool v6 = agent.at.host.find(':') != std::string::npos;
    if (is_loopback(agent.at.host)) {
        return fmt::format("{}:{}", v6 ? "[::1]" : "127.0.0.1", agent.at.port);
    }
    return fmt::format("{}:{}", v6 ? "[::]" : "0.0.0.0", agent.at.port);
}

std::string store_text(const InitPlan& plan) {
    std::string url = plan.store_url;
    if (url.empty()) {
        url = plan.system ? "file:/var/lib/farshore/store" : "file:../store";
    }
    std::string text = fmt::format("[store]\nurl = {}\n", toml_text(url));
    if (!plan.region.empty()) {
        text += fmt::format("region = {}\n", toml_text(plan.region));
    }
    if (!plan.endpoint.empty()) {
        text += fmt::format("endpoint = {}\n", toml_text(plan.endpoint));
    }
    if (plan.path_style) {
        text += "path_style = true\n";
    }
    return text;
}

}  // namespace

std::vector<InitAgent> InitPlan::agents() const {
    std::vector<InitAgent> all{primary};
    all.insert(all.end(), secondaries.begin(), secondaries.end());
    return all;
}

InitPlan make_plan(const InitArguments& arguments, const std::string& working_directory) {
    InitPlan plan;
    if (!is_valid_name(arguments.stream)) {
        refuse(fmt::format("--stream \"{}\" is not a name", arguments.stream));
    }
    plan.stream = arguments.stream;
    plan.out = absolute(arguments.out, working_directory);
    plan.primary = parse_agent("--primary", arguments.primary);
    for (const std::string& text : arguments.secondaries) {
        plan.secondaries.push_back(parse_agent("--secondary", text));
    }
    plan.store_url = arguments.store;
    if (plan.store_url.starts_with("file:")) {
        plan.store_url = "file:" + absolute(plan.store_url.substr(5), working_directory);
    }
    plan.region = arguments.region;
    plan.endpoint = arguments.endpoint;
    plan.path_style = arguments.path_style;
    plan.system = arguments.system;
    plan.trees = match("tree", arguments.trees, arguments.replica_trees, "NAME=PATH");
    for (InitSource& tree : plan.trees) {
        tree.primary = absolute(tree.primary, working_directory);
        tree.replica = absolute(tree.replica, working_directory);
    }
    plan.databases =
        match("database", arguments.databases, arguments.replica_databases, "NAME=CONNINFO");
    if (plan.trees.empty() && plan.databases.empty()) {
        refuse("neither --tree nor --database: nothing to replicate");
    }
    for (const InitAgent& secondary : plan.secondaries) {
        const bool one_host = secondary.at.host == plan.primary.at.host;
        for (const InitSource& tree : plan.trees) {
            if (one_host && tree.primary == tree.replica) {
                refuse(fmt::format("tree {}: {} on the same host is both original and replica",
                                   tree.name, tree.primary));
            }
        }
    }
    return plan;
}

std::string config_text(const InitPlan& plan, const InitAgent& agent) {
    const bool is_primary = agent.name == plan.primary.name;
    std::string text = fmt::format(
        "# Made by farshore init for {}. Paths are relative to this "
        "file.\n\n[agent]\nstream = {}\nname = {}\nrole = \"{}\"\n",
        agent.name, toml_text(plan.stream), toml_text(agent.name),
        is_primary ? "primary" : "secondary");
    text += plan.system ? "state = \"/var/lib/farshore\"\nsocket = \"/run/farshore/agent.sock\"\n"
                        : "state = \"state\"\nsocket = \"agent.sock\"\n";
    text += fmt::format("listen = {}\n", toml_text(listen_text(agent)));
    for (const InitAgent& peer : plan.agents()) {
        if (peer.name != agent.name) {
            text += fmt::format("\n[[peer]]\nname = {}\naddress = {}\n", toml_text(peer.name),
                                toml_text(peer.address));
        }
    }
    text += "\n[tls]\nca = \"ca.crt\"\ncertificate = \"agent.crt\"\nkey = \"agent.key\"\n";
    text += "\n[signing]\nkey = \"signing.key\"\ntrust = \"trust.toml\"\n\n" + store_text(plan);
    for (const InitSource& tree : plan.trees) {
        text += fmt::format("\n[[tree]]\nname = {}\npath = {}\n", toml_text(tree.name),
                            toml_text(is_primary ? tree.primary : tree.replica));
    }
    for (const InitSource& database : plan.databases) {
        text +=
            fmt::format("\n[[database]]\nname = {}\nconnection = {}\n", toml_text(database.name),
                        toml_text(is_primary ? database.primary : database.replica));
    }
    return text;
}

}  // namespace farshore::commands
