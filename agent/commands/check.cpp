#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/output.hpp"
#include "agent/commands/text_format.hpp"
#include "agent/control/control_client.hpp"

namespace farshore::commands {

namespace json = boost::json;

namespace {

// The plugin convention's exit statuses.
enum Verdict : int { ok = 0, warning = 1, critical = 2, unknown = 3 };
constexpr std::array<std::string_view, 4> words{"OK", "WARNING", "CRITICAL", "UNKNOWN"};

Verdict judge(std::optional<double> figure, double warn_at, double critical_at) {
    if (!figure) {
        return unknown;
    }
    return *figure >= critical_at ? critical : *figure >= warn_at ? warning : ok;
}

// critical before warning before unknown: what is known to be bad is said first.
Verdict worse(Verdict a, Verdict b) {
    constexpr std::array<int, 4> rank{0, 2, 3, 1};
    return rank[static_cast<std::size_t>(a)] >= rank[static_cast<std::size_t>(b)] ? a : b;
}

std::string performance(std::string_view name, std::optional<double> figure,
                        const std::string& limits) {
    return figure ? fmt::format(" {}={}s;{};0", name, *figure, limits)
                  : fmt::format(" {}=U;{};0", name, limits);
}

// Below this much time at the present rate a slot is about to be given up.
constexpr double slot_warning_seconds = 3600;
constexpr double slot_critical_seconds = 600;

// What of a secondary's databases calls for somebody: a gap, a slot that will not last.
Verdict judge_databases(const json::value& peer, std::string& message) {
    Verdict verdict = ok;
    for (const json::value& source : list(peer, "sources")) {
        const json::value& slot = member(source, "slot");
        const auto left = slot.is_object() ? number(slot, "time_left_seconds") : std::nullopt;
        if (left && *left < slot_warning_seconds) {
            verdict = worse(verdict, *left < slot_critical_seconds ? critical : warning);
            message +=
                fmt::format(", slot of {} has {} left", text(source, "name"), seconds_text(left));
        }
        if (slot.is_object() && text(slot, "wal_status") == "unreserved") {
            verdict = worse(verdict, critical);
            message += fmt::format(", the server is about to give up the slot of {}",
                                   text(source, "name"));
        }
        for (const json::value& gap : list(source, "gaps")) {
            verdict = worse(verdict, warning);
            message += fmt::format(", GAP in {}{}: {}", text(source, "name"),
                                   text(gap, "table") == "-" ? "" : " " + text(gap, "table"),
                                   text(gap, "reason"));
        }
    }
    return verdict;
}

int say(Verdict verdict, std::string message, const std::string& data, bool as_json) {
    // A statement in a reason has lines of its own.
    std::replace_if(
        message.begin(), message.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    if (as_json) {
        print_json(json::object{{"status", words[verdict]},
                                {"exit_status", static_cast<int>(verdict)},
                                {"message", message}});
    } else {
        print(fmt::format("FARSHORE {} - {}{}\n", words[verdict], message,
                          data.empty() ? "" : " |" + data));
    }
    return verdict;
}

// Of the faults those that RPO and lag do not show before it is too late.
Verdict judge_certificates(const json::value& status, std::string& message) {
    Verdict verdict = ok;
    for (const json::value& fault : list(status, "faults")) {
        if (text(fault, "where") == "tls" || text(fault, "where") == "reload") {
            verdict = warning;
            message += fmt::format(", {} {}", text(fault, "code"), text(fault, "message"));
        }
    }
    return verdict;
}

int check(const json::value& lag, const json::value& status, Duration warn_at, Duration critical_at,
          bool as_json) {
    const auto rpo = number(lag, "rpo_seconds");
    const auto behind = number(lag, "lag_seconds");
    Verdict verdict = worse(judge(rpo, warn_at.seconds(), critical_at.seconds()),
                            judge(behind, warn_at.seconds(), critical_at.seconds()));
    std::string message = fmt::format("{}: RPO {}, lag {}, {}", text(lag, "stream"),
                                      seconds_text(rpo), seconds_text(behind), text(lag, "proof"));
    for (const json::value& peer : list(lag, "peers")) {
        const std::string state = text(peer, "state");
        message += fmt::format(", {} {}", text(peer, "name"), state);
        std::string of_databases;
        verdict = worse(verdict, judge_databases(peer, of_databases));
        // Something waits for the operator (held deletions, say) although changes flow.
        const bool waits =
            state == "streaming" && member(peer, "reason").is_string() && of_databases.empty();
        if (state == "stopped" || state == "fenced" || waits) {
            verdict = worse(verdict, warning);
            message += fmt::format(" ({})", text(peer, "reason"));
        }
        message += of_databases;
    }
    verdict = worse(verdict, judge_certificates(status, message));
    const json::value& store = member(lag, "store");
    if (store.is_object() && member(store, "not_attested_since").is_string()) {
        verdict = worse(verdict, warning);
        message +=
            fmt::format(", NOT_ATTESTED since {}", time_text(text(store, "not_attested_since")));
    }
    const std::string limits = fmt::format("{:g};{:g}", warn_at.seconds(), critical_at.seconds());
    const std::string data = performance("rpo", rpo, limits) + performance("lag", behind, limits) +
                             performance("complete_rpo", number(lag, "complete_rpo_seconds"), ";") +
                             performance("error", number(lag, "error_seconds"), ";");
    std::replace(message.begin(), message.end(), '|', '/');  // it would begin the data
    return say(verdict, message, data, as_json);
}

}  // namespace

int run_check(const Arguments& arguments) {
    std::string socket;
    Duration warn_at = Duration::from_ms(30'000);
    Duration critical_at = Duration::from_ms(120'000);
    bool as_json = false;
    CommandLine line("check",
                     "RPO and lag as one line in the Nagios plugin convention: exit 0 ok, 1 "
                     "warning, 2 critical, 3 unknown.",
                     "farshore check --warning 30s --critical 2m");
    line.duration("--warning", warn_at, "From this much RPO or lag on");
    line.duration("--critical", critical_at, "From this much RPO or lag on");
    line.flag("--json", as_json, "Print JSON");
    line.socket(socket);
    try {
        if (const auto status = line.parse(arguments)) {
            return *status;
        }
        if (critical_at < warn_at) {
            throw Error(ErrorCode::usage, "check: --warning is above --critical");
        }
        const control::ControlClient agent(socket);
        const auto lag = agent.call({.path = "/v1/lag", .timeout = Duration::from_ms(10'000)});
        const auto status =
            agent.call({.path = "/v1/status", .timeout = Duration::from_ms(10'000)});
        return check(lag, status, warn_at, critical_at, as_json);
    } catch (const Error& error) {
        return say(unknown, error.message(), "", as_json);
    }
}

}  // namespace farshore::commands
