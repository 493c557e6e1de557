#include "agent/daemon/primary_verify.hpp"

#include "agent/daemon/peer_requests.hpp"
#include "agent/daemon/verify_text.hpp"

namespace farshore::daemon {

namespace {

// A secondary reads all its files and both databases meanwhile.
constexpr Duration peer_timeout = Duration::from_ms(4L * 60 * 60 * 1000);

void add_peer_report(verification::VerifyReport& report, const verification::VerifyReport& from) {
    for (const verification::Finding& finding : from.findings) {
        report.add(finding);
    }
    report.findings_total += from.findings_total - from.findings.size();
    report.checked.insert(report.checked.end(), from.checked.begin(), from.checked.end());
    report.unchecked.insert(report.unchecked.end(), from.unchecked.begin(), from.unchecked.end());
}

void ask_peer(Services& services, primary::Primary& role, const AgentName& peer,
              verification::VerifyRequest request, verification::VerifyReport& report) {
    // Both are asked for before either is set: what names one thing no longer wants all.
    const bool files = request.wants_files() && !services.config.trees.empty();
    const bool databases = request.wants_databases() && !services.config.databases.empty();
    request.chain = false;
    request.files = files;
    request.databases = databases;
    if (!request.files && !request.databases) {
        return;
    }
    try {
        const auto session = role.session(peer);
        if (!session) {
            throw Error(ErrorCode::connection_lost, "it is not connected");
        }
        add_peer_report(report, report_from_text(session->ask("verify", request_to_text(request),
                                                              peer_timeout)));
    } catch (const Error& error) {
        report.unchecked.push_back({.what = "replica",
                                    .source = peer.str(),
                                    .why = std::string(error.name()) + " " + error.message()});
    }
}

}  // namespace

verification::VerifyReport verify_from_primary(Services& services, primary::Primary& role,
                                               const verification::VerifyRequest& request,
                                               const verification::OnProgress& progress) {
    verification::VerifyReport report;
    report.stream = services.config.agent.stream.str();
    if (request.wants_chain()) {
        try {
            // First: the secondaries compare their trees with what the manifests say.
            (void)role.publish(publish_timeout);
            verify_chain(services, report, progress);
        } catch (const Error& error) {
            report.unchecked.push_back({.what = "chain",
                                        .source = "",
                                        .why = std::string(error.name()) + " " + error.message()});
        }
    }
    for (const config::Peer& peer : services.config.peers) {
        ask_peer(services, role, peer.name, request, report);
    }
    return report;
}

}  // namespace farshore::daemon
