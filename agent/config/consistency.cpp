#include "agent/config/consistency.hpp"

#include <fmt/core.h>
#include <sys/un.h>

#include <set>
#include <string_view>

#include "agent/config/memory_budget.hpp"
#include "protocol/limits.hpp"

namespace farshore::config {

namespace {

using Found = std::optional<Objection>;

// True when `path` is `folder` or lies in it. Both absolute and normal.
bool is_within(const std::string& path, const std::string& folder) {
    if (folder == "/") {
        return true;
    }
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

bool overlap(const std::string& a, const std::string& b) {
    return is_within(a, b) || is_within(b, a);
}

std::optional<std::string> store_folder(const Store& store) {
    if (store.url.starts_with("file:")) {
        return store.url.substr(5);
    }
    return std::nullopt;
}

Found check_agent(const Config& config) {
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    if (config.agent.socket.size() > longest) {
        return Objection{"agent", 0, "socket",
                         fmt::format("{} is {} bytes long; the kernel takes {} at most",
                                     config.agent.socket, config.agent.socket.size(), longest)};
    }
    return std::nullopt;
}

Found check_peers(const Config& config) {
    if (config.peers.empty()) {
        return Objection{"peer", 0, "name", "no [[peer]]: a stream has at least two agents"};
    }
    std::set<std::string> names{config.agent.name.str()};
    std::set<std::string> addresses;
    for (std::size_t i = 0; i < config.peers.size(); ++i) {
        const Peer& peer = config.peers[i];
        if (!names.insert(peer.name.str()).second) {
            const bool own = peer.name == config.agent.name;
            return Objection{"peer", i, "name",
                             fmt::format("\"{}\" is {}", peer.name.str(),
                                         own ? "this agent's own name" : "there twice")};
        }
        if (!addresses.insert(peer.address).second) {
            return Objection{"peer", i, "address",
                             fmt::format("\"{}\" is there twice", peer.address)};
        }
    }
    return std::nullopt;
}

Found check_sources(const Config& config) {
    if (config.trees.empty() && config.databases.empty()) {
        return Objection{"tree", 0, "name", "neither [[tree]] nor [[database]]: nothing to do"};
    }
    std::set<std::string> names;
    const auto twice = [](const SourceName& name) {
        return fmt::format("\"{}\" names two sources", name.str());
    };
    for (std::size_t i = 0; i < config.trees.size(); ++i) {
        if (!names.insert(config.trees[i].name.str()).second) {
            return Objection{"tree", i, "name", twice(config.trees[i].name)};
        }
    }
    for (std::size_t i = 0; i < config.databases.size(); ++i) {
        if (!names.insert(config.databases[i].name.str()).second) {
            return Objection{"database", i, "name", twice(config.databases[i].name)};
        }
    }
    return std::nullopt;
}

// A tree that holds another one, our state or the store would replicate its own replication.
Found check_tree_paths(const Config& config) {
    const auto store = store_folder(config.store);
    for (std::size_t i = 0; i < config.trees.size(); ++i) {
        const Tree& tree = config.trees[i];
        if (tree.path == "/") {
            return Objection{"tree", i, "path", "the whole host is not a tree"};
        }
        if (overlap(tree.path, config.agent.state)) {
            return Objection{"tree", i, "path",
                             fmt::format("{} and the state directory {} lie in one another",
                                         tree.path, config.agent.state)};
        }
        if (store && overlap(tree.path, *store)) {
            return Objection{
                "tree", i, "path",
                fmt::format("{} and the store {} lie in one another", tree.path, *store)};
        }
        if (is_within(config.agent.socket, tree.path)) {
            return Objection{"tree", i, "path",
                             fmt::format("the socket {} lies in it", config.agent.socket)};
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (overlap(tree.path, config.trees[j].path)) {
                return Objection{
                    "tree", i, "path",
                    fmt::format("{} and tree \"{}\" ({}) lie in one another", tree.path,
                                config.trees[j].name.str(), config.trees[j].path)};
            }
        }
    }
    return std::nullopt;
}

Found check_store(const Config& config) {
    const Store& store = config.store;
    if (!store.endpoint.empty() && !store.endpoint.starts_with("https://") &&
        !store.endpoint.starts_with("http://")) {
        return Objection{"store", 0, "endpoint",
                         fmt::format("\"{}\" is not https://host:port", store.endpoint)};
    }
    if (store_folder(store)) {
        for (const auto& [key, set] :
             {std::pair<const char*, bool>{"object_lock", !store.object_lock.empty()},
              {"encryption", !store.encryption.empty()},
              {"endpoint", !store.endpoint.empty()},
              {"ca", !store.ca.empty()}}) {
            if (set) {
                return Objection{"store", 0, key, "a store that is a directory has none"};
            }
        }
    }
    const std::string_view lock = store.object_lock;
    if (!lock.empty() && !lock.starts_with("governance:") && !lock.starts_with("compliance:")) {
        return Objection{"store", 0, "object_lock",
                         fmt::format("\"{}\" is neither governance:30d nor compliance:7y", lock)};
    }
    const std::string_view encryption = store.encryption;
    if (!encryption.empty() && encryption != "AES256" && encryption != "aws:kms" &&
        !encryption.starts_with("aws:kms:")) {
        return Objection{
            "store", 0, "encryption",
            fmt::format("\"{}\" is none of AES256, aws:kms, aws:kms:KEY-ARN", encryption)};
    }
    return std::nullopt;
}

Found check_replication(const Config& config) {
    if (config.replication.min_cut_interval > config.replication.mark_interval) {
        return Objection{"replication", 0, "min_cut_interval",
                         "is longer than mark_interval, and a mark is a cut"};
    }
    const std::uint64_t least = least_memory_bytes(config);
    if (config.replication.memory_limit_bytes < least) {
        return Objection{"replication", 0, "memory_limit",
                         fmt::format("{} MiB are less than the {} MiB that {} peers, {} databases "
                                     "and {} bulk lanes can hold",
                                     config.replication.memory_limit_bytes / limits::mib,
                                     least / limits::mib, config.peers.size(),
                                     config.databases.size(), config.replication.bulk_lanes)};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Objection> find_objection(const Config& config) {
    for (const auto check : {check_agent, check_peers, check_sources, check_tree_paths, check_store,
                             check_replication}) {
        if (Found found = check(config)) {
            return found;
        }
    }
    return std::nullopt;
}

}  // namespace farshore::config
