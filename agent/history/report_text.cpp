#include "agent/history/report_text.hpp"

#include <fmt/core.h>

#include <cmath>

namespace farshore::history {

namespace json = boost::json;

namespace {

std::string period_line(const Period& period) {
    return fmt::format("  {:<11}{:>9}{:>10}   {:>12}{:>12}{:>12}   {:>12}\n", period.name,
                       share_text(period.compliance()), share_text(period.coverage()),
                       figure_text(period.rpo.p50), figure_text(period.rpo.p99),
                       figure_text(period.rpo.worst), figure_text(period.lag.p99));
}

std::string heading() {
    return fmt::format("  {:<11}{:>9}{:>10}   {:>12}{:>12}{:>12}   {:>12}\n", "", "met", "proven",
                       "RPO p50", "p99", "worst", "lag p99");
}

std::string outage_lines(const HistoryReport& report) {
    std::string out = report.outages.empty() ? "no minute missed its objective\n"
                                             : "missed objectives, the worst first\n";
    for (const Outage& outage : report.outages) {
        out +=
            fmt::format("  {} to {}: {} min, RPO {}\n    {}\n", minute_text(outage.from),
                        minute_text(outage.to).substr(11), outage.minutes,
                        figure_text(outage.worst ? outage.worst->rpo : std::nullopt), outage.cause);
    }
    if (report.outages_total > report.outages.size()) {
        out += fmt::format("  ... and {} more\n", report.outages_total - report.outages.size());
    }
    return out;
}

std::string event_lines(const HistoryReport& report) {
    std::string out;
    for (const Failover& failover : report.failovers) {
        out += fmt::format("failover    epoch {} of {} opened {}: {}; at most {} lost\n",
                           failover.record.epoch.value(), failover.record.primary.str(),
                           to_rfc3339(failover.record.opened), failover.record.reason,
                           figure_text(failover.lost));
    }
    for (const SourceGap& gap : report.gaps) {
        out += fmt::format("gap         {} from {} {}\n", gap.source.str(), to_rfc3339(gap.from),
                           gap.to ? "to " + to_rfc3339(*gap.to) : std::string("on: not closed"));
    }
    for (const LateRecords& late : report.late) {
        out += fmt::format(
            "NOT_ATTESTED {} from {} to {}: {} made up to {}, stored only then\n", late.agent.str(),
            to_rfc3339(late.from), to_rfc3339(late.stored),
            late.records == 1 ? std::string("a record") : fmt::format("{} records", late.records),
            to_rfc3339(late.made));
    }
    for (const ObjectiveChange& change : report.objectives) {
        out += fmt::format("objective   {} from {}\n", span_text(change.objective),
                           to_rfc3339(change.from));
    }
    for (const verification::Finding& finding : report.chain.findings) {
        out += fmt::format("NOT SOUND   {} {}: expected {}, found {}\n", to_string(finding.kind),
                           finding.place, finding.expected, finding.found);
    }
    return out;
}

json::value seconds_or_null(const std::optional<Duration>& duration) {
    return duration ? json::value(duration->seconds()) : json::value(nullptr);
}

json::value time_or_null(const std::optional<Timestamp>& time) {
    return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

json::value figure_json(const std::optional<Figure>& figure) {
    if (!figure) {
        return nullptr;
    }
    return json::object{{"seconds", figure->value.seconds()},
                        {"error_seconds", figure->error.seconds()}};
}

json::object percentiles_json(const Percentiles& of) {
    return {{"p50", figure_json(of.p50)},
            {"p95", figure_json(of.p95)},
            {"p99", figure_json(of.p99)},
            {"worst", figure_json(of.worst)}};
}

json::object period_json(const Period& period) {
    return {{"name", period.name},
            {"minutes", period.minutes},
            {"met", period.met},
            {"proven", period.proven},
            {"compliance", period.compliance()},
            {"coverage", period.coverage()},
            {"rpo", percentiles_json(period.rpo)},
            {"lag", percentiles_json(period.lag)}};
}

json::array outages_json(const HistoryReport& report) {
    json::array all;
    for (const Outage& outage : report.outages) {
        const std::optional<Minute>& worst = outage.worst;
        all.push_back(json::object{
            {"from", to_rfc3339(outage.from)},
            {"to", to_rfc3339(outage.to)},
            {"minutes", outage.minutes},
            {"unproven", outage.unproven},
            {"rpo", figure_json(worst ? worst->rpo : std::nullopt)},
            {"worst_minute", time_or_null(worst ? std::optional(worst->begin) : std::nullopt)},
            {"objective_seconds", seconds_or_null(worst ? worst->objective : std::nullopt)},
            {"cause", outage.cause}});
    }
    return all;
}

json::array uncovered_json(const std::vector<Uncovered>& uncovered) {
    json::array all;
    for (const Uncovered& item : uncovered) {
        all.push_back(json::object{{"name", item.name}, {"reason", item.reason}});
    }
    return all;
}

json::array sources_json(const HistoryReport& report) {
    json::array all;
    if (!report.newest_mark) {
        return all;
    }
    for (const auto& [name, source] : report.newest_mark->sources) {
        json::object item{{"name", name.str()}, {"as_of", time_or_null(as_of(source))}};
        std::visit(
            [&](const auto& of) {
                if constexpr (requires { of.swept; }) {
                    item["kind"] = "tree";
                    item["swept"] = time_or_null(of.swept);
                } else {
                    item["kind"] = "database";
                }
                item["uncovered"] = uncovered_json(of.uncovered);
                item["uncovered_more"] = of.uncovered_more;
            },
            source);
        all.push_back(std::move(item));
    }
    return all;
}

json::array failovers_json(const HistoryReport& report) {
    json::array all;
    for (const Failover& failover : report.failovers) {
        all.push_back(json::object{{"epoch", failover.record.epoch.value()},
                                   {"primary", failover.record.primary.str()},
                                   {"opened", to_rfc3339(failover.record.opened)},
                                   {"reason", failover.record.reason},
                                   {"lost", figure_json(failover.lost)}});
    }
    return all;
}

json::array gaps_json(const HistoryReport& report) {
    json::array all;
    for (const SourceGap& gap : report.gaps) {
        all.push_back(json::object{{"source", gap.source.str()},
                                   {"epoch", gap.epoch.value()},
                                   {"from", to_rfc3339(gap.from)},
                                   {"to", time_or_null(gap.to)}});
    }
    return all;
}

json::value late_json(const LateRecords& late) {
    return json::object{{"agent", late.agent.str()},
                        {"from", to_rfc3339(late.from)},
                        {"made", to_rfc3339(late.made)},
                        {"stored", to_rfc3339(late.stored)},
                        {"records", late.records}};
}

json::array secondaries_json(const HistoryReport& report) {
    json::array all;
    for (const auto& [name, of] : report.secondaries) {
        all.push_back(json::object{{"name", name.str()},
                                   {"received", of.received},
                                   {"applied", of.applied},
                                   {"newest_received_mark", of.newest_received.value()},
                                   {"newest_applied_mark", of.newest_applied.value()},
                                   {"last_received", time_or_null(of.last_received)}});
    }
    return all;
}

json::array findings_json(const HistoryReport& report) {
    json::array all;
    for (const verification::Finding& finding : report.chain.findings) {
        all.push_back(json::object{{"kind", to_string(finding.kind)},
                                   {"place", finding.place},
                                   {"expected", finding.expected},
                                   {"found", finding.found}});
    }
    return all;
}

template <typename Each, typename Make>
json::array array_of(const std::vector<Each>& from, Make make) {
    json::array all;
    for (const Each& each : from) {
        all.push_back(make(each));
    }
    return all;
}

std::string csv_figure(const std::optional<Figure>& figure) {
    return figure ? fmt::format("{:.6f},{:.6f}", figure->value.seconds(), figure->error.seconds())
                  : std::string(",");
}

}  // namespace

std::string span_text(Duration duration) {
    const double seconds = duration.seconds();
    if (seconds < 0.9995) {
        return fmt::format("{:.0f} ms", seconds * 1e3);
    }
    if (seconds < 60 && duration.nanoseconds % 1'000'000'000 == 0) {
        return fmt::format("{:.0f} s", seconds);
    }
    if (seconds < 60) {
        return seconds < 9.995 ? fmt::format("{:.2f} s", seconds)
                               : fmt::format("{:.1f} s", seconds);
    }
    const auto whole = static_cast<std::int64_t>(std::ceil(seconds));  // never told as less
    if (whole < 3'600) {
        return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    }
    if (whole < 86'400) {
        return fmt::format("{} h {:02} min", whole / 3'600, whole / 60 % 60);
    }
    return fmt::format("{} d {:02} h", whole / 86'400, whole / 3'600 % 24);
}

std::string figure_text(const std::optional<Figure>& figure) {
    return figure ? span_text(figure->value) : "unproven";
}

std::string share_text(double share) {
    return fmt::format("{:.2f} %", std::floor(share * 1e4) / 1e2);
}

std::string minute_text(Timestamp time) {
    std::string text = to_rfc3339(time).substr(0, 16);
    text[10] = ' ';
    return text;
}

std::string to_text(const HistoryReport& report) {
    std::string out =
        fmt::format("stream {}: {} to {} UTC, {} minutes\n", report.stream,
                    minute_text(report.from), minute_text(report.to), report.total.minutes);
    if (report.evidence_end) {
        out += fmt::format("evidence ends {}\n", to_rfc3339(*report.evidence_end));
    }
    out += report.chain.findings_total == 0
               ? "the chain is sound\n"
               : fmt::format("THE CHAIN IS NOT SOUND: {} findings\n", report.chain.findings_total);
    out += "\n" + heading() + period_line(report.total) + "\n" + heading();
    for (const Period& month : report.months) {
        out += period_line(month);
    }
    out += "\n" + heading();
    for (const Period& day : report.days) {
        out += period_line(day);
    }
    return out + "\n" + outage_lines(report) + "\n" + event_lines(report);
}

json::object to_json(const HistoryReport& report) {
    return {{"stream", report.stream},
            {"from", to_rfc3339(report.from)},
            {"to", to_rfc3339(report.to)},
            {"evidence_end", time_or_null(report.evidence_end)},
            {"findings_total", report.chain.findings_total},
            {"findings", findings_json(report)},
            {"total", period_json(report.total)},
            {"months", array_of(report.months, period_json)},
            {"days", array_of(report.days, period_json)},
            {"outages_total", report.outages_total},
            {"outages", outages_json(report)},
            {"objectives", array_of(report.objectives,
                                    [](const ObjectiveChange& change) {
                                        return json::object{
                                            {"from", to_rfc3339(change.from)},
                                            {"objective_seconds", change.objective.seconds()}};
                                    })},
            {"gaps", gaps_json(report)},
            {"not_attested", array_of(report.late, late_json)},
            {"failovers", failovers_json(report)},
            {"secondaries", secondaries_json(report)},
            {"sources", sources_json(report)}};
}

std::string to_csv(const HistoryReport& report) {
    std::string out =
        "minute,rpo_seconds,rpo_error_seconds,lag_seconds,lag_error_seconds,objective_seconds,"
        "met\n";
    for (const Minute& minute : report.minutes) {
        out += to_rfc3339(minute.begin).substr(0, 19) + "Z," + csv_figure(minute.rpo) + "," +
               csv_figure(minute.lag) + "," +
               (minute.objective ? fmt::format("{}", minute.objective->seconds()) : "") + "," +
               (minute.is_met() ? "1" : "0") + "\n";
    }
    return out;
}

}  // namespace farshore::history
