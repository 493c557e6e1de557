#include "agent/daemon/role_agent.hpp"

#include <algorithm>

#include "agent/runtime/resident_memory.hpp"
#include "protocol/limits.hpp"

namespace farshore::daemon {

namespace {

// What all pending paths of a tree may take in an answer that a client can read.
constexpr std::size_t pending_bytes = 16 * limits::mib;

// A conninfo may hold a password: what is shown ends before anything like it.
std::string without_password(const std::string& conninfo) {
    const std::size_t at = conninfo.find("password");
    return at == std::string::npos ? conninfo : conninfo.substr(0, at) + "password=…";
}

// Options of the config that later issues build: said, so that nobody relies on them.
void add_not_built(control::StatusReport& status, const config::Database& database) {
    const auto add = [&](const char* what, const char* why) {
        status.not_carried.push_back({.source = database.name.str(), .what = what, .why = why});
    };
    if (database.conflict == config::ConflictPolicy::overwrite) {
        add("conflict = overwrite",
            "not in this version: a conflict stops applying with the row named");
    }
}

constexpr std::int64_t expiry_warning_days = 30;

void add_store_fault(control::StatusReport& status) {
    const control::StoreFigures& store = status.lag.store;
    if (store.not_attested_since) {
        status.faults.push_back(
            {.code = ErrorCode::store_unavailable,
             .where = "store",
             .message = "NOT_ATTESTED since " + to_rfc3339(*store.not_attested_since) + ": " +
                        std::to_string(store.queued) + " records (" +
                        std::to_string(store.queued_bytes) + " bytes) wait here" +
                        (store.error ? ": " + *store.error : std::string()),
             .since = store.not_attested_since});
    }
}

}  // namespace

control::Health RoleAgent::healthz() {
    return {.ok = true, .reason = "ok"};
}

control::Health RoleAgent::readyz() {
    const control::LagReport report = lag();
    if (report.proof == control::Proof::proven) {
        return {.ok = true, .reason = "ok"};
    }
    return {.ok = false, .reason = "proof is " + std::string(to_string(report.proof))};
}

control::StatusReport RoleAgent::begin_status(control::LagReport lag) const {
    control::StatusReport status;
    status.lag = std::move(lag);
    status.version = FARSHORE_VERSION;
    status.config_file = services_.config.file;
    status.state_directory = services_.config.agent.state;
    status.listen = services_.config.agent.listen;
    status.started = services_.started;
    status.memory_bytes = runtime::resident_memory_bytes();
    status.store_url = services_.config.store.url;
    // A directory may or may not be shared between the hosts; nobody here can tell.
    status.fence = !storage::is_directory_url(services_.config.store.url);
    add_store_fault(status);
    add_certificate_fault(status);
    status.certificate_expires = services_.tls.expires();
    return status;
}

void RoleAgent::add_certificate_fault(control::StatusReport& status) const {
    const Timestamp now = services_.clock.utc_now();
    std::optional<Error> fault = services_.tls.objection(services_.config.agent.name, now);
    const std::int64_t days = services_.tls.days_left(now);
    if (!fault && days < expiry_warning_days) {
        fault = Error(ErrorCode::certificate_expired,
                      services_.tls.first_to_expire() + " expires at " +
                          to_rfc3339(services_.tls.expires()) + ", in " + std::to_string(days) +
                          (days == 1 ? " day" : " days"));
    }
    if (const auto refused = services_.reload_fault()) {
        status.faults.push_back(
            {.code = refused->code(),
             .where = "reload",
             .message = "not reloaded, all stays as it was: " + refused->message(),
             .since = std::nullopt});
    }
    if (fault) {
        status.faults.push_back({.code = fault->code(),
                                 .where = "tls",
                                 .message = fault->message(),
                                 .since = std::nullopt});
    }
}

void RoleAgent::add_tree(control::StatusReport& status, const config::Tree& tree,
                         const std::optional<Mark>& newest,
                         const std::vector<std::string>& pending) const {
    control::SourceStatus source;
    source.name = tree.name.str();
    source.kind = control::SourceKind::tree;
    source.place = tree.path;
    source.state = "scanning";
    const TreeMark* mark = nullptr;
    if (newest && newest->sources.contains(tree.name)) {
        mark = std::get_if<TreeMark>(&newest->sources.at(tree.name));
    }
    if (mark != nullptr) {
        source.as_of = mark->as_of;
        source.swept = mark->swept;
        source.entries = mark->entries;
        source.bytes = mark->bytes;
        source.state = mark->as_of == newest->time ? "watched" : "behind";
        source.pending_files = mark->pending.files;
        std::size_t room = pending_bytes;
        for (const std::string& path : pending) {
            if (path.size() > room) {
                break;
            }
            room -= path.size();
            source.pending.push_back(path);
        }
        for (const Uncovered& left_out : mark->uncovered) {
            status.not_carried.push_back(
                {.source = source.name, .what = left_out.name, .why = left_out.reason});
        }
    }
    status.sources.push_back(std::move(source));
}

void RoleAgent::add_database(control::StatusReport& status, const config::Database& database,
                             const std::optional<Mark>& newest, const std::string& state) const {
    control::SourceStatus source;
    source.name = database.name.str();
    source.kind = control::SourceKind::database;
    source.place = without_password(database.connection);
    source.state = state;
    if (newest && newest->sources.contains(database.name)) {
        const SourceMark& mark = newest->sources.at(database.name);
        source.as_of = as_of(mark);
        if (const auto* described = std::get_if<DatabaseMark>(&mark)) {
            for (const Uncovered& left_out : described->uncovered) {
                status.not_carried.push_back(
                    {.source = source.name, .what = left_out.name, .why = left_out.reason});
            }
        }
    }
    status.sources.push_back(std::move(source));
    add_not_built(status, database);
}

}  // namespace farshore::daemon
