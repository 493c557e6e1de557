#include "agent/history/report_html.hpp"

#include <fmt/core.h>

#include "agent/history/html_chart.hpp"
#include "agent/history/report_page.hpp"
#include "agent/history/report_text.hpp"

namespace farshore::history {

namespace {

std::string tile(std::string_view name, const std::string& figure, const std::string& more,
                 bool is_bad) {
    return fmt::format("<div class=\"tile\"><span>{}</span><b{}>{}</b><small>{}</small></div>",
                       name, is_bad ? " class=\"bad\"" : "", figure, html_text(more));
}

std::string error_note(const std::optional<Figure>& figure) {
    return figure ? "error of " + span_text(figure->error) + " included"
                  : "too many minutes without proof";
}

std::string tiles(const HistoryReport& report) {
    const Period& all = report.total;
    const std::uint64_t missed = all.minutes - all.met;
    const bool has_objective = !report.objectives.empty();
    const Duration objective = has_objective ? report.objectives.back().objective : Duration();
    const auto is_over = [&](const std::optional<Figure>& figure) {
        return !figure || !has_objective || figure->value > objective;
    };
    return "<section class=\"tiles\">" +
           tile("Objective met", share_text(all.compliance()),
                fmt::format("{} of {} minutes missed", missed, all.minutes), missed > 0) +
           tile("RPO, 99 of 100 minutes", figure_text(all.rpo.p99), error_note(all.rpo.p99),
                is_over(all.rpo.p99)) +
           tile("Worst RPO", figure_text(all.rpo.worst),
                has_objective ? "objective " + span_text(objective) : "no objective yet",
                is_over(all.rpo.worst)) +
           tile("Proven", share_text(all.coverage()),
                fmt::format("{} minutes without proof", all.minutes - all.proven),
                all.proven < all.minutes) +
           "</section>";
}

std::string head(const HistoryReport& report) {
    const bool is_sound = report.chain.findings_total == 0;
    const bool is_met = is_sound && report.total.met == report.total.minutes;
    const std::string verdict =
        !is_sound ? "The evidence is not sound"
        : is_met  ? "Objective met in every minute"
                  : fmt::format("{} min missed", report.total.minutes - report.total.met);
    return fmt::format(
        "<header><div><p class=\"over\">Recovery point report</p><h1>{}</h1><p class=\"range\">{} "
        "to {} UTC</p></div><span class=\"verdict{}\">{}</span></header>",
        html_text(report.stream), minute_text(report.from), minute_text(report.to),
        is_met ? "" : " bad", verdict);
}

std::string chart_card(const HistoryReport& report) {
    return "<section class=\"card\" id=\"over-time\"><div class=\"head\"><h2>RPO over time</h2>"
           "<p class=\"keys\"><span><i style=\"background:var(--rpo)\"></i>RPO, worst moment of "
           "each minute</span><span><i style=\"background:var(--lag)\"></i>Lag</span><span><i "
           "style=\"background:var(--goal)\"></i>Objective</span><span><i "
           "style=\"background:var(--miss);height:10px;opacity:.4\"></i>Missed</span></p>"
           "<div class=\"tools\" hidden><button id=\"in\" type=\"button\">Zoom in</button>"
           "<button id=\"out\" type=\"button\">Zoom out</button>"
           "<button id=\"all\" type=\"button\">All</button></div></div>" +
           chart_svg(report.minutes) + "<p class=\"read\" id=\"read\"></p></section>";
}

std::string period_row(const Period& period) {
    const auto cell = [](const std::optional<Figure>& figure) {
        return fmt::format("<td{}>{}</td>", figure ? "" : " class=\"bad\"", figure_text(figure));
    };
    return fmt::format("<tr><td>{}</td><td{}>{}</td><td>{}</td>{}{}{}{}{}{}</tr>",
                       html_text(period.name), period.met < period.minutes ? " class=\"bad\"" : "",
                       share_text(period.compliance()), share_text(period.coverage()),
                       cell(period.rpo.p50), cell(period.rpo.p95), cell(period.rpo.p99),
                       cell(period.rpo.worst), cell(period.lag.p99), cell(period.lag.worst));
}

std::string period_table(const std::vector<Period>& periods, std::string_view name) {
    std::string rows;
    for (const Period& period : periods) {
        rows += period_row(period);
    }
    return fmt::format(
        "<div class=\"wide\"><table><thead><tr><th>{}</th><th>Met</th><th>Proven"
        "</th><th>RPO p50</th><th>p95</th><th>p99</th><th>worst</th><th>Lag p99"
        "</th><th>worst</th></tr></thead><tbody>{}</tbody></table></div>",
        name, rows);
}

std::string periods_card(const HistoryReport& report) {
    std::string squares;
    for (const Period& day : report.days) {
        const char* kind = day.met == day.minutes     ? ""
                           : day.compliance() >= 0.99 ? " class=\"some\""
                                                      : " class=\"bad\"";
        squares +=
            fmt::format("<i{} title=\"{}: {}\"></i>", kind, day.name, share_text(day.compliance()));
    }
    return "<section class=\"card\"><div class=\"head\"><h2>By month and day</h2></div>"
           "<div class=\"days\">" +
           squares + "</div>" + period_table(report.months, "Month") + "<details" +
           (report.days.size() <= 14 ? " open" : "") + "><summary>Each day</summary>" +
           period_table(report.days, "Day") + "</details></section>";
}

std::string outage_row(const Outage& outage) {
    const std::int64_t minute = one_minute.nanoseconds;
    const std::string last = minute_text(outage.to);
    const bool same_day = last.substr(0, 10) == minute_text(outage.from).substr(0, 10);
    return fmt::format(
        "<tr data-from=\"{}\" data-to=\"{}\"><td>{} to {}</td><td>{}</td><td class=\"bad\">{}</td>"
        "<td class=\"sub\">{}</td><td class=\"text\">{}</td></tr>",
        outage.from.nanoseconds / minute, outage.to.nanoseconds / minute, minute_text(outage.from),
        same_day ? last.substr(11) : last, outage.minutes,
        figure_text(outage.worst ? outage.worst->rpo : std::nullopt),
        outage.worst && outage.worst->objective ? span_text(*outage.worst->objective) : "none",
        html_text(outage.cause));
}

std::string outages_card(const HistoryReport& report) {
    if (report.outages.empty()) {
        return "<section class=\"card\"><h2>Missed objectives</h2><p class=\"range\">None: every "
               "minute met the objective that was in force in it.</p></section>";
    }
    std::string rows;
    for (const Outage& outage : report.outages) {
        rows += outage_row(outage);
    }
    const std::string more = report.outages_total > report.outages.size()
                                 ? fmt::format("<p class=\"range\">and {} more</p>",
                                               report.outages_total - report.outages.size())
                                 : "";
    return "<section class=\"card\"><div class=\"head\"><h2>Missed objectives, the worst first"
           "</h2></div><div class=\"wide\"><table class=\"stack\"><thead><tr><th>When "
           "(UTC)</th><th>Minutes</th>"
           "<th>Worst RPO</th><th>Objective</th><th class=\"text\">Cause</th></tr></thead><tbody>" +
           rows + "</tbody></table></div>" + more + "</section>";
}

std::string event_rows(const HistoryReport& report) {
    std::string rows;
    const auto row = [&](const std::string& when, std::string_view what, const std::string& text) {
        rows += fmt::format(
            "<tr><td>{}</td><td class=\"text\">{}</td><td class=\"text\">{}</td>"
            "</tr>",
            when, what, html_text(text));
    };
    for (const Failover& failover : report.failovers) {
        row(minute_text(failover.record.opened), "Failover",
            fmt::format("epoch {}: {} became the primary ({}); at most {} lost",
                        failover.record.epoch.value(), failover.record.primary.str(),
                        failover.record.reason, figure_text(failover.lost)));
    }
    for (const SourceGap& gap : report.gaps) {
        row(minute_text(gap.from), "Gap",
            gap.source.str() + " was copied anew, " +
                (gap.to ? "closed at " + minute_text(*gap.to) : std::string("not closed yet")));
    }
    for (const LateRecords& late : report.late) {
        row(minute_text(late.from), "Not attested",
            fmt::format("{}: until {} nothing outside of the host proved it ({} stored late)",
                        late.agent.str(), minute_text(late.stored), late.records));
    }
    for (const ObjectiveChange& change : report.objectives) {
        row(minute_text(change.from), "Objective", span_text(change.objective) + " from here on");
    }
    return rows;
}

std::string coverage_rows(const HistoryReport& report) {
    std::string rows;
    if (!report.newest_mark) {
        return rows;
    }
    for (const auto& [name, source] : report.newest_mark->sources) {
        std::string left_out;
        std::visit(
            [&](const auto& of) {
                for (const Uncovered& item : of.uncovered) {
                    left_out +=
                        (left_out.empty() ? "" : "; ") + item.name + " (" + item.reason + ")";
                }
                if (of.uncovered_more > 0) {
                    left_out += fmt::format("; and {} more", of.uncovered_more);
                }
            },
            source);
        rows += fmt::format("<tr><td>{}</td><td class=\"text\">{}</td></tr>", name.str(),
                            left_out.empty() ? "everything is covered" : html_text(left_out));
    }
    return rows;
}

std::string findings_card(const HistoryReport& report) {
    if (report.chain.findings_total == 0) {
        return "";
    }
    std::string rows;
    constexpr std::size_t most = 100;
    for (std::size_t i = 0; i < std::min(most, report.chain.findings.size()); ++i) {
        const verification::Finding& finding = report.chain.findings[i];
        rows += fmt::format(
            "<tr><td>{}</td><td class=\"text\"><code>{}</code></td><td "
            "class=\"text\"><code>{}</code></td></tr>",
            to_string(finding.kind), html_text(finding.place), html_text(finding.found));
    }
    return fmt::format(
        "<section class=\"card alarm\"><div class=\"head\"><h2>The evidence is not "
        "sound: {} findings</h2></div><p class=\"range\">What they touch is not "
        "counted as proof.</p><div class=\"wide\"><table><tbody>{}</tbody></table>"
        "</div></section>",
        report.chain.findings_total, rows);
}

std::string notes(const HistoryReport& report) {
    const std::string end =
        report.evidence_end ? to_rfc3339(*report.evidence_end) : std::string("nowhere");
    return "<section class=\"card note\"><h2>How to read this</h2><p>RPO is what would have been "
           "lost if the primary had gone at that moment; a minute is told by its worst moment, at "
           "the upper end of the clocks' error. A minute is met when it is proven and within the "
           "objective that was in force in it. A minute without proof is a miss. A percentile "
           "counts such minutes as worse than any number.</p><p>Everything here was computed from "
           "signed marks and receipts whose chain was checked object by object; the evidence ends "
           "at " +
           end +
           ". <code>farshore-verify.py --rpo</code> computes the same minutes without any code of "
           "farshore.</p></section>";
}

std::string facts_card(const HistoryReport& report) {
    return "<section class=\"card\"><div class=\"head\"><h2>Failovers, gaps, objectives</h2></div>"
           "<div class=\"wide\"><table><tbody>" +
           event_rows(report) +
           "</tbody></table></div></section><section class=\"card\"><div class=\"head\"><h2>"
           "Coverage at the end</h2></div><div class=\"wide\"><table><tbody>" +
           coverage_rows(report) + "</tbody></table></div></section>";
}

}  // namespace

std::string html_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
        }
    }
    return out;
}

std::string to_html(const HistoryReport& report) {
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
           "name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>" +
           html_text(report.stream) + ": recovery point report</title><style>" +
           std::string(page_style()) + "</style></head><body><main>" + head(report) +
           findings_card(report) + tiles(report) + chart_card(report) + outages_card(report) +
           periods_card(report) + facts_card(report) + notes(report) +
           "</main><script type=\"application/json\" id=\"minutes\">" + chart_data(report.minutes) +
           "</script><script>" + std::string(page_script()) + "</script></body></html>\n";
}

}  // namespace farshore::history
