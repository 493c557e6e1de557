// agent --check: what would fail, without changing anything.

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "agent/config/load.hpp"
#include "agent/connection/tls_context.hpp"
#include "agent/daemon/daemon.hpp"
#include "agent/daemon/services.hpp"
#include "agent/primary/postgres/insert_position.hpp"
#include "agent/secondary/files/replica_guard.hpp"
#include "agent/secondary/postgres/replica_setup.hpp"

namespace farshore::daemon {

namespace {

class Checks {
  public:
    void check(const std::string& what, const std::function<void()>& deed) {
        try {
            deed();
            std::printf("ok    %s\n", what.c_str());
        } catch (const Error& error) {
            failed_ = true;
            std::printf("fails %s: %s %s\n", what.c_str(), std::string(error.name()).c_str(),
                        error.message().c_str());
            const std::string hint(error_info(error.code()).hint);
            if (!hint.empty()) {
                std::printf("      %s\n", hint.c_str());
            }
        }
    }
    [[nodiscard]] int status() const { return failed_ ? 2 : 0; }

  private:
    bool failed_ = false;
};

void check_database(const config::Config& config, const config::Database& database) {
    if (config.agent.role == config::Role::primary) {
        std::vector<AgentName> peers;
        for (const config::Peer& peer : config.peers) {
            peers.push_back(peer.name);
        }
        primary::InsertPosition(config.agent.stream, database).check(peers);
    } else {
        const postgres::WakeEvent stop;
        (void)secondary::replica_standing(config.agent.stream, database, stop);
    }
}

void check_tree(storage::FileSystem& files, const config::Config& config,
                const config::Tree& tree) {
    if (config.agent.role == config::Role::primary) {
        (void)files.open_root(tree.path);
    } else {
        secondary::ReplicaGuard(files, {.stream = config.agent.stream,
                                        .tree = tree.name,
                                        .path = tree.path,
                                        .adopt = tree.adopt})
            .probe();
    }
}

}  // namespace

int check(const config::Config& config) {
    storage::PosixFileSystem files;
    runtime::SystemClock clock;
    Checks checks;
    checks.check("signing key and trust file", [&] {
        const Identity identity = load_identity(files, config);
        for (const config::Peer& peer : config.peers) {
            if (!identity.trust.has_agent(peer.name)) {
                throw Error(ErrorCode::untrusted,
                            config.signing.trust + " has no key of " + peer.name.str());
            }
        }
    });
    checks.check("certificates", [&] {
        const connection::TlsContext tls(connection::load_tls_material(files, config.tls));
        if (const auto objection = tls.objection(config.agent.name, clock.utc_now())) {
            throw Error(*objection);
        }
    });
    checks.check("state directory " + config.agent.state, [&] {
        const std::string& path = config.agent.state;
        const std::size_t slash = path.rfind('/');
        const auto folder = files.open_root(slash == 0 ? "/" : path.substr(0, slash));
        const auto there = files.status(folder, path.substr(slash + 1));
        if (there && there->type != EntryType::directory) {
            throw Error(ErrorCode::bad_config, path + " is no directory");
        }
    });
    checks.check("store " + config.store.url,
                 [&] { storage::open_store(store_settings(config.store), files, clock)->check(); });
    for (const config::Tree& tree : config.trees) {
        checks.check("tree " + tree.name.str() + " at " + tree.path,
                     [&] { check_tree(files, config, tree); });
    }
    for (const config::Database& database : config.databases) {
        checks.check("database " + database.name.str(), [&] { check_database(config, database); });
    }
    return checks.status();
}

}  // namespace farshore::daemon
