#include "agent/control/routes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "agent/config/quantity.hpp"
#include "agent/control/json_text.hpp"
#include "agent/control/lag_json.hpp"
#include "agent/control/metrics_page.hpp"
#include "agent/control/status_json.hpp"
#include "agent/control/verify_json.hpp"
#include "protocol/error.hpp"

namespace farshore::control {

namespace json = boost::json;

namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view lines_type = "application/x-ndjson";

struct Context {
    AgentApi& agent;
    runtime::Sleeper& sleeper;
    const Request& request;
    RequestBody& body;
    Reply& reply;
    const runtime::StopToken& stop;

    void answer(const json::value& value, int status = 200) const {
        reply.send(status, json_type, json_text(value) + "\n");
    }
};

Error bad_parameter(std::string_view name, std::string_view value, std::string_view expected) {
    return {ErrorCode::usage,
            fmt::format("parameter {} = \"{}\" is not {}", name, value, expected)};
}

Duration timeout_of(const Request& request) {
    const auto text = request.parameter("timeout");
    if (!text) {
        return Duration::from_ms(30'000);
    }
    const auto timeout = config::parse_duration(*text);
    if (!timeout) {
        throw bad_parameter("timeout", *text, "a duration like 30s");
    }
    return *timeout;
}

std::string required(const Request& request, const std::string& name) {
    const auto value = request.parameter(name);
    if (!value || value->empty()) {
        throw Error(ErrorCode::usage, fmt::format("parameter {} is missing", name));
    }
    return *value;
}

std::uint64_t whole_number(std::string_view name, const std::string& text, int base) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data(), end, value, base);
    if (failure != std::errc{} || rest != end) {
        throw bad_parameter(name, text, "a number");
    }
    return value;
}

void get_lag(const Context& context) {
    if (!context.request.flag("watch")) {
        context.answer(to_json(context.agent.lag()));
        return;
    }
    context.reply.begin(lines_type);
    do {
        context.reply.write(json_text(to_json(context.agent.lag())) + "\n");
    } while (context.sleeper.sleep(Duration::from_ms(1'000), context.stop));
    context.reply.end();
}

void get_status(const Context& context) {
    context.answer(to_json(context.agent.status()));
}

void get_metrics(const Context& context) {
    context.reply.send(200, "text/plain; version=0.0.4; charset=utf-8",
                       metrics_page(context.agent.status(), context.agent.metrics()));
}

void answer_health(const Context& context, const Health& health) {
    context.answer(json::object{{"ok", health.ok}, {"reason", health.reason}},
                   health.ok ? 200 : 503);
}

void get_healthz(const Context& context) {
    answer_health(context, context.agent.healthz());
}

void get_readyz(const Context& context) {
    answer_health(context, context.agent.readyz());
}

void post_flush(const Context& context) {
    FlushRequest flush;
    const std::string until = context.request.parameter("until").value_or("received");
    if (until != "received" && until != "applied") {
        throw bad_parameter("until", until, "received or applied");
    }
    flush.until = until == "applied" ? Until::applied : Until::received;
    flush.timeout = timeout_of(context.request);
    const FlushResult result = context.agent.flush(flush, context.stop);
    context.answer(json::object{{"mark", result.mark.value()},
                                {"time", to_rfc3339(result.time)},
                                {"until", until},
                                {"waited_seconds", result.waited_seconds}});
}

void get_held(const Context& context) {
    json::array batches;
    for (const HeldDeletions& held : context.agent.held()) {
        json::array paths;
        for (const std::string& path : held.paths) {
            paths.emplace_back(path);
        }
        batches.push_back(json::object{{"id", held.id},
                                       {"tree", held.tree},
                                       {"since", to_rfc3339(held.since)},
                                       {"latest", to_rfc3339(held.latest)},
                                       {"entries", held.entries},
                                       {"of_entries", held.of_entries},
                                       {"paths", std::move(paths)}});
    }
    context.answer(json::object{{"held", std::move(batches)}});
}

void post_approve(const Context& context) {
    const std::string id = required(context.request, "id");
    const std::uint64_t batch = whole_number("id", id, 10);
    const std::uint64_t entries = context.agent.approve(batch);
    context.answer(json::object{{"id", batch}, {"entries", entries}});
}

FileTime file_time(const std::string& text) {
    if (const auto exact = parse_evidence_text(text)) {
        return *exact;
    }
    const auto time = parse_rfc3339(text);  // fewer digits, another offset
    if (!time || time->nanoseconds < 0) {
        throw bad_parameter("mtime", text, "a time like 2026-11-22T18:44:49.5Z");
    }
    return {time->nanoseconds / 1'000'000'000,
            static_cast<std::uint32_t>(time->nanoseconds % 1'000'000'000)};
}

PutRequest put_request(const Request& request) {
    PutRequest put;
    put.tree = SourceName(required(request, "tree"));
    put.path = required(request, "path");
    put.timeout = timeout_of(request);
    put.size = request.body_size;
    if (const auto mode = request.parameter("mode")) {
        const std::uint64_t bits = whole_number("mode", *mode, 8);
        if (bits > 07777) {
            throw bad_parameter("mode", *mode, "a file mode like 0644");
        }
        put.mode = static_cast<std::uint32_t>(bits);
    }
    if (const auto text = request.parameter("mtime")) {
        put.mtime = file_time(*text);
    }
    return put;
}

void post_put(const Context& context) {
    const auto upload = context.agent.put(put_request(context.request));
    std::vector<std::byte> buffer(256UL * 1'024);
    while (const std::size_t got = context.body.read(buffer)) {
        upload->write(std::span(buffer).first(got));
    }
    const PutResult result = upload->finish(context.stop);
    context.answer(json::object{{"tree", result.tree.str()},
                                {"path", result.path},
                                {"size_bytes", result.size},
                                {"sha256", result.sha256.hex()},
                                {"mark", result.mark.value()},
                                {"waited_seconds", result.waited_seconds}});
}

verification::VerifyRequest verify_request(const Request& request) {
    verification::VerifyRequest verify;
    verify.chain = request.flag("chain");
    verify.files = request.flag("files");
    verify.databases = request.flag("databases");
    if (request.flag("repair")) {
        throw Error(ErrorCode::unsupported, "repair is not in this version: nothing was checked");
    }
    for (const std::string& name : request.parameters("tree")) {
        verify.only_trees.emplace_back(name);
    }
    for (const std::string& name : request.parameters("database")) {
        verify.only_databases.emplace_back(name);
    }
    if (const auto at = request.parameter("at")) {
        verify.at = MarkNumber(whole_number("at", *at, 10));
    }
    return verify;
}

// With progress=1 the lines {"progress": ...} come while it runs; the last line is {"report": ...}
// or {"error": ...}.
void post_verify(const Context& context) {
    const verification::VerifyRequest verify = verify_request(context.request);
    if (!context.request.flag("progress")) {
        context.answer(to_json(context.agent.verify(verify, {}, context.stop)));
        return;
    }
    context.reply.begin(lines_type);
    const auto line = [&](std::string_view name, json::value value) {
        context.reply.write(json_text(json::object{{name, std::move(value)}}) + "\n");
    };
    const auto report = context.agent.verify(
        verify, [&](const verification::VerifyProgress& now) { line("progress", to_json(now)); },
        context.stop);
    line("report", to_json(report));
    context.reply.end();
}

void not_here_yet(const Context& context) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{} is not in this version", context.request.path));
}

struct Route {
    std::string_view method, path;
    void (*handler)(const Context&);
};

// Every POST changes something, or costs the agent real work: only root and the agent's own user.
constexpr std::array<Route, 13> table{{{"GET", "/v1/lag", get_lag},
                                       {"GET", "/v1/status", get_status},
                                       {"GET", "/metrics", get_metrics},
                                       {"GET", "/healthz", get_healthz},
                                       {"GET", "/readyz", get_readyz},
                                       {"GET", "/v1/held", get_held},
                                       {"POST", "/v1/approve", post_approve},
                                       {"POST", "/v1/flush", post_flush},
                                       {"POST", "/v1/put", post_put},
                                       {"POST", "/v1/verify", post_verify},
                                       {"POST", "/v1/promote", not_here_yet},
                                       {"POST", "/v1/switchover", not_here_yet},
                                       {"POST", "/v1/rejoin", not_here_yet}}};

void send_error(Reply& reply, const Error& error, int status) {
    if (!reply.has_begun()) {
        reply.send(status, json_type, json_text(error_json(error)) + "\n");
        return;
    }
    reply.write(json_text(error_json(error)) + "\n");
    reply.end();
}

}  // namespace

int http_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::usage:
        case ErrorCode::bad_name:
        case ErrorCode::malformed:
        case ErrorCode::unsafe_path:
            return 400;
        case ErrorCode::forbidden:
            return 403;
        case ErrorCode::not_found:
        case ErrorCode::unsupported:
            return 404;
        case ErrorCode::already_exists:
        case ErrorCode::not_primary:
        case ErrorCode::not_secondary:
        case ErrorCode::fenced:
        case ErrorCode::conflict:
        case ErrorCode::root_changed:
            return 409;
        case ErrorCode::too_large:
            return 413;
        case ErrorCode::cancelled:
        case ErrorCode::connection_lost:
        case ErrorCode::database_unavailable:
        case ErrorCode::store_unavailable:
            return 503;
        case ErrorCode::timeout:
            return 504;
        case ErrorCode::disk_full:
            return 507;
        default:
            return 500;
    }
}

void Routes::handle(const Request& request, RequestBody& body, Reply& reply,
                    const runtime::StopToken& stop) {
    const auto* route = std::find_if(table.begin(), table.end(), [&](const Route& candidate) {
        return candidate.path == request.path;
    });
    if (route == table.end()) {
        const Error error(ErrorCode::not_found, fmt::format("no such path: {}", request.path));
        return send_error(reply, error, 404);
    }
    if (route->method != request.method) {
        const Error error(ErrorCode::usage, fmt::format("{} takes {}", route->path, route->method));
        return send_error(reply, error, 405);
    }
    if (route->method == "POST" && request.caller.uid != 0 && request.caller.uid != own_uid_) {
        const Error error(ErrorCode::forbidden,
                          fmt::format("user {} may not call {}", request.caller.uid, route->path));
        return send_error(reply, error, 403);
    }
    try {
        route->handler({agent_, sleeper_, request, body, reply, stop});
    } catch (const LostCaller&) {
        throw;
    } catch (const Error& error) {
        send_error(reply, error, http_status(error.code()));
    }
}

}  // namespace farshore::control
