// The agent as secondary: the role, its listener, and the control socket's wishes.

#include <boost/json.hpp>

#include "agent/connection/listener.hpp"
#include "agent/daemon/lag_figures.hpp"
#include "agent/daemon/role_agent.hpp"
#include "agent/daemon/secondary_verify.hpp"
#include "agent/daemon/verify_text.hpp"
#include "agent/runtime/tree_rights.hpp"
#include "agent/secondary/secondary.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"

namespace farshore::daemon {

namespace {

namespace json = boost::json;

// What the newest received mark names of a tree.
std::vector<std::string> pending_paths(const std::optional<Mark>& mark, const SourceName& tree) {
    if (!mark || !mark->sources.contains(tree)) {
        return {};
    }
    const auto* described = std::get_if<TreeMark>(&mark->sources.at(tree));
    return described == nullptr ? std::vector<std::string>{} : described->pending.paths;
}

// A source that only this side's config has: nothing comes for it.
void add_if_not_offered(control::StatusReport& status, const std::optional<Mark>& mark,
                        const SourceName& name) {
    if (mark && !mark->sources.contains(name)) {
        status.not_carried.push_back(
            {.source = name.str(),
             .what = "everything in it",
             .why = "the config of " + mark->agent.str() + " does not have it"});
    }
}

class SecondaryAgent final : public RoleAgent {
  public:
    explicit SecondaryAgent(Services& services)
        : RoleAgent(services),
          role_(role_services(services)),
          listener_(services.network, services.tls, services.clock, listen_options(services.config),
                    [this](const Hello& hello, const AgentName& peer) {
                        return role_.answer(hello, peer);
                    }) {}

    void run(const runtime::StopToken& stop) override { role_.run(stop); }

    [[nodiscard]] control::LagReport lag() override {
        return secondary_lag(services_.config, role_.view(), role_.uploads(), services_.clock);
    }

    [[nodiscard]] control::StatusReport status() override;

    [[nodiscard]] std::string summary() override {
        const control::LagReport report = lag();
        return "secondary of " + report.stream + ", " + std::string(to_string(report.proof));
    }

    [[nodiscard]] control::FlushResult flush(const control::FlushRequest& request,
                                             const runtime::StopToken&) override;

    [[nodiscard]] std::unique_ptr<control::PutUpload> put(const control::PutRequest&) override {
        throw Error(ErrorCode::not_primary,
                    "NOT_PRIMARY: this agent is a secondary, files are put on the primary");
    }

    [[nodiscard]] verification::VerifyReport verify(const verification::VerifyRequest& request,
                                                    const verification::OnProgress& progress,
                                                    const runtime::StopToken& stop) override {
        return verify_secondary(services_, role_, request,
                                [&](const verification::VerifyProgress& now) {
                                    if (stop.stop_requested()) {
                                        throw Error(ErrorCode::cancelled, "the agent is stopping");
                                    }
                                    if (progress) {
                                        progress(now);
                                    }
                                });
    }

  private:
    static connection::ListenOptions listen_options(const config::Config& config) {
        connection::ListenOptions options;
        options.address = config.agent.listen;
        options.stream = config.agent.stream;
        for (const config::Peer& peer : config.peers) {
            options.peers.push_back(peer.name);
        }
        options.compression = parse_compression(config.replication.compression).take();
        return options;
    }

    secondary::SecondaryServices role_services(Services& services) {
        return {.config = services.config,
                .clock = services.clock,
                .random = services.random,
                .files = services.files,
                .state_file = services.state_file,
                .state_directory = services.state_directory,
                .key = services.identity.key,
                .trust = services.identity.trust,
                .store = *services.store,
                .evidence = services.evidence,
                .mirror_evidence = storage::is_directory_url(services.config.store.url),
                .accept = [this](Duration timeout) { return listener_.accept(timeout); },
                .serve = [this](const std::string& verb,
                                const std::string& text) { return serve(verb, text); }};
    }

    [[nodiscard]] std::string serve(const std::string& verb, const std::string& text) {
        if (verb == "verify") {
            // Of no use to anybody once the session is gone; and the next one waits for it to end.
            const auto session = role_.session();
            return report_to_text(
                verify_secondary(services_, role_, request_from_text(text), [&](const auto&) {
                    if (!session || session->session().control->is_closed()) {
                        throw Error(ErrorCode::cancelled, "the session has ended");
                    }
                }));
        }
        throw Error(ErrorCode::unsupported,
                    "a secondary of this version does not know \"" + verb + "\"");
    }

    secondary::Secondary role_;
    connection::Listener listener_;
};

control::FlushResult SecondaryAgent::flush(const control::FlushRequest& request,
                                           const runtime::StopToken&) {
    const auto session = role_.session();
    if (!session) {
        throw Error(ErrorCode::connection_lost, "the primary is not connected");
    }
    const BootTime began = services_.clock.boot_now();
    const std::string answer = session->ask(
        "flush",
        json::serialize(json::object{{"applied", request.until == control::Until::applied},
                                     {"timeout_seconds", request.timeout.seconds()}}),
        request.timeout + Duration::from_ms(2'000));
    const json::value value = parse_json(answer, limits::frame_body).take();
    JsonMembers members("flush", value);
    control::FlushResult result;
    result.mark = MarkNumber(members.integer("mark"));
    result.time = members.time("time");
    result.waited_seconds = (services_.clock.boot_now() - began).seconds();
    return result;
}

control::StatusReport SecondaryAgent::status() {
    control::StatusReport status = begin_status(lag());
    const secondary::SecondaryView view = role_.view();
    status.cut = view.standing.received_cut;
    status.mark = view.standing.received_mark;
    for (const config::Tree& tree : services_.config.trees) {
        add_if_not_offered(status, view.newest_mark, tree.name);
        add_tree(status, tree, view.newest_mark, pending_paths(view.newest_mark, tree.name));
        for (const runtime::LackingRight& right :
             runtime::unkept_without_rights(runtime::own_capabilities())) {
            status.not_carried.push_back(
                {.source = tree.name.str(), .what = right.what, .why = right.why});
        }
    }
    for (const config::Database& database : services_.config.databases) {
        add_if_not_offered(status, view.newest_mark, database.name);
        const auto known = view.databases.find(database.name);
        const bool copied = known != view.databases.end() && known->second.standing.copied;
        add_database(status, database, view.newest_mark,
                     copied ? "streaming" : (view.connected ? "copying" : "waiting"));
    }
    for (const auto& [source, fault] : view.faults) {
        status.faults.push_back({.code = fault.error.code(),
                                 .where = source,
                                 .message = fault.error.message(),
                                 .since = fault.since});
    }
    for (const auto& [database, gaps] : view.gaps) {
        for (const secondary::StandingGap& gap : gaps) {
            status.faults.push_back({.code = ErrorCode::quarantined,
                                     .where = database.str() + ", table " + gap.table,
                                     .message = gap.reason,
                                     .since = std::nullopt});
        }
    }
    for (const auto& [source, fault] : view.primary_faults) {
        status.faults.push_back({.code = fault.error.code(),
                                 .where = view.primary.str() + (source.empty() ? "" : "/" + source),
                                 .message = fault.error.message(),
                                 .since = fault.since});
    }
    if (view.connection_fault) {
        status.faults.push_back({.code = view.connection_fault->error.code(),
                                 .where = view.primary.str(),
                                 .message = view.connection_fault->error.message(),
                                 .since = view.connection_fault->since});
    }
    for (const connection::HandshakeFault& fault : listener_.faults().list()) {
        status.faults.push_back(
            {.code = fault.code,
             .where = fault.peer,
             .message = fault.message + " (" + std::to_string(fault.count) + " times)",
             .since = fault.first});
    }
    return status;
}

}  // namespace

std::unique_ptr<RoleAgent> make_secondary_agent(Services& services) {
    return std::make_unique<SecondaryAgent>(services);
}

}  // namespace farshore::daemon
