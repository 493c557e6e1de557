#pragma once
// What `init` writes for each agent of a new stream: configs as texts. Pure.

#include <map>
#include <string>
#include <vector>

#include "agent/config/quantity.hpp"

namespace farshore::commands {

struct InitAgent {
    std::string name;
    config::HostPort at;
    std::string address;  // as it was given
};

// A tree's path or a database's conninfo, on the primary and on the secondaries.
struct InitSource {
    std::string name, primary, replica;
};

struct InitPlan {
    std::string stream;
    std::string out;  // absolute
    InitAgent primary;
    std::vector<InitAgent> secondaries;
    std::string store_url;  // "": the directory "store" beside the agents' folders
    std::string region, endpoint;
    bool path_style = false;
    std::vector<InitSource> trees, databases;
    bool system = false;  // state and socket in their places under /var/lib and /run

    [[nodiscard]] std::vector<InitAgent> agents() const;
};

// As given on the command line.
struct InitArguments {
    std::string stream, out, primary, store, region, endpoint;
    bool path_style = false;
    bool system = false;
    std::vector<std::string> secondaries, trees, replica_trees, databases, replica_databases;
};

// Throws Error(usage) for what does not parse or does not fit together. `working_directory` is
// absolute: what relative paths are relative to.
[[nodiscard]] InitPlan make_plan(const InitArguments& arguments,
                                 const std::string& working_directory);

// The farshore.toml of that agent.
[[nodiscard]] std::string config_text(const InitPlan& plan, const InitAgent& agent);

}  // namespace farshore::commands
