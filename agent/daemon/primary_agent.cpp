// The agent as primary: the role, its dialer, and the control socket's wishes.

#include <atomic>

#include "agent/connection/dialer.hpp"
#include "agent/daemon/lag_figures.hpp"
#include "agent/daemon/peer_requests.hpp"
#include "agent/daemon/primary_verify.hpp"
#include "agent/daemon/put_upload.hpp"
#include "agent/daemon/role_agent.hpp"
#include "agent/primary/primary.hpp"

namespace farshore::daemon {

namespace {

class PrimaryAgent final : public RoleAgent {
  public:
    explicit PrimaryAgent(Services& services)
        : RoleAgent(services),
          dialer_(
              services.network, services.tls, services.clock,
              [&services](std::size_t count) { return services.random.bytes(count); },
              {.compression = parse_compression(services.config.replication.compression).take()}),
          role_(role_services(services)) {}

    void run(const runtime::StopToken& stop) override {
        const std::stop_callback remember(stop, [this] { stop_.request_stop(); });
        role_.run(stop);
    }

    [[nodiscard]] control::LagReport lag() override {
        return primary_lag(services_.config, role_, services_.clock);
    }

    [[nodiscard]] control::StatusReport status() override;

    void add_set_aside(control::StatusReport& status);

    [[nodiscard]] std::string summary() override {
        const control::LagReport report = lag();
        return "primary of " + report.stream + ", " + std::string(to_string(report.proof));
    }

    [[nodiscard]] control::FlushResult flush(const control::FlushRequest& request,
                                             const runtime::StopToken& stop) override {
        const BootTime began = services_.clock.boot_now();
        const primary::MarkFacts mark =
            role_.flush(request.until == control::Until::applied, request.timeout, stop);
        return {.mark = mark.mark,
                .time = mark.time,
                .waited_seconds = (services_.clock.boot_now() - began).seconds()};
    }

    [[nodiscard]] std::vector<control::HeldDeletions> held() override;
    std::uint64_t approve(std::uint64_t batch) override { return role_.approve(batch); }
    [[nodiscard]] std::vector<control::Metric> metrics() override;

    [[nodiscard]] std::unique_ptr<control::PutUpload> put(
        const control::PutRequest& request) override {
        return begin_put(services_, role_, request);
    }

    [[nodiscard]] verification::VerifyReport verify(const verification::VerifyRequest& request,
                                                    const verification::OnProgress& progress,
                                                    const runtime::StopToken&) override {
        return verify_from_primary(services_, role_, request, progress);
    }

  private:
    primary::PrimaryServices role_services(Services& services) {
        return {.config = services.config,
                .clock = services.clock,
                .random = services.random,
                .files = services.files,
                .state_file = services.state_file,
                .key = services.identity.key,
                .trust = services.identity.trust,
                .store = *services.store,
                .evidence = services.evidence,
                .dial =
                    [this](const config::Peer& peer, const Hello& hello) {
                        return *dialer_.dial(peer.name, peer.address, hello, stop_.get_token());
                    },
                .serve =
                    [this](const std::string& verb, const std::string& json) {
                        return serve_secondary(services_, role_, snapshots_, verb, json);
                    }};
    }

    runtime::StopSource stop_;
    connection::Dialer dialer_;
    VerificationSnapshots snapshots_;
    primary::Primary role_;
};

std::vector<control::HeldDeletions> PrimaryAgent::held() {
    std::vector<control::HeldDeletions> found;
    for (const storage::HeldBatch& batch : role_.held()) {
        found.push_back({.id = batch.id,
                         .tree = batch.tree.str(),
                         .since = batch.since,
                         .latest = batch.latest,
                         .entries = batch.entries,
                         .of_entries = batch.of_entries,
                         .paths = role_.held_paths(batch.id, limits::mark_pending_paths)});
    }
    return found;
}

std::vector<control::Metric> PrimaryAgent::metrics() {
    std::vector<control::Metric> metrics;
    for (const config::Tree& tree : services_.config.trees) {
        double held = 0;
        for (const storage::HeldBatch& batch : role_.held()) {
            held += batch.tree == tree.name ? static_cast<double>(batch.entries) : 0;
        }
        metrics.push_back({.name = "held_deletions",
                           .help = "Deletions that wait for farshore approve.",
                           .value = held,
                           .labels = {{"tree", tree.name.str()}}});
    }
    return metrics;
}

// Tables that a secondary has set aside.
void PrimaryAgent::add_set_aside(control::StatusReport& status) {
    for (const config::Database& database : services_.config.databases) {
        for (const primary::NamedPeer& peer : role_.peers()) {
            for (const auto& [table, gap] : role_.gaps(database.name, peer.name)) {
                if (!table.empty()) {
                    status.faults.push_back(
                        {.code = ErrorCode::quarantined,
                         .where = peer.name.str() + "/" + database.name.str() + ", table " + table,
                         .message = gap.reason,
                         .since = gap.since});
                }
            }
        }
    }
}

control::StatusReport PrimaryAgent::status() {
    control::StatusReport status = begin_status(lag());
    const std::optional<Mark> newest = role_.newest_mark();
    const std::vector<primary::NamedPeer> peers = role_.peers();
    if (const auto cut = role_.newest_cut()) {
        status.cut = cut->cut;
    }
    if (newest) {
        status.mark = newest->mark;
    }
    for (const config::Tree& tree : services_.config.trees) {
        add_tree(status, tree, newest, role_.pending(tree.name));
    }
    for (const auto& faults : {role_.refusals(), role_.left_out()}) {
        for (const auto& [tree, fault] : faults) {
            status.faults.push_back({.code = fault.error.code(),
                                     .where = tree.str(),
                                     .message = fault.error.message(),
                                     .since = fault.since});
        }
    }
    for (const config::Database& database : services_.config.databases) {
        std::string state = "waiting";
        for (const primary::NamedPeer& peer : peers) {
            const auto streaming = peer.view.streaming.find(database.name);
            if (peer.view.copies.contains(database.name)) {
                state = "copying";
            } else if (streaming != peer.view.streaming.end() && streaming->second) {
                state = "streaming";
            }
        }
        add_database(status, database, newest, state);
        const primary::DatabaseFacts facts = role_.database(database.name);
        if (facts.fault) {
            status.faults.push_back({.code = facts.fault->code(),
                                     .where = database.name.str(),
                                     .message = facts.fault->message(),
                                     .since = std::nullopt});
        }
    }
    add_set_aside(status);
    for (const primary::NamedPeer& peer : peers) {
        const auto add = [&](const std::string& where, const primary::PeerFault& fault) {
            status.faults.push_back({.code = fault.error.code(),
                                     .where = where,
                                     .message = fault.error.message(),
                                     .since = fault.since});
        };
        if (peer.view.connection_fault) {
            add(peer.name.str(), *peer.view.connection_fault);
        }
        for (const auto& [source, fault] : peer.view.faults) {
            add(peer.name.str() + (source.empty() ? "" : "/" + source), fault);
        }
    }
    if (const auto fault = role_.fault()) {
        status.faults.push_back({.code = fault->error.code(),
                                 .where = "store",
                                 .message = fault->error.message(),
                                 .since = fault->since});
    }
    return status;
}

}  // namespace

std::unique_ptr<RoleAgent> make_primary_agent(Services& services) {
    return std::make_unique<PrimaryAgent>(services);
}

}  // namespace farshore::daemon
