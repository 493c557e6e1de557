#include "agent/history/history_report.hpp"

#include <algorithm>
#include <functional>

#include "agent/history/outage_cause.hpp"

namespace farshore::history {

namespace {

using FigureOf = std::optional<Figure> Minute::*;

Percentiles percentiles(const Minute* begin, const Minute* end, FigureOf figure) {
    std::vector<Figure> known;
    for (const Minute* minute = begin; minute != end; ++minute) {
        if (minute->*figure) {
            known.push_back(*(minute->*figure));
        }
    }
    std::sort(known.begin(), known.end());
    const auto all = static_cast<std::uint64_t>(end - begin);
    const auto at = [&](std::uint64_t percent) -> std::optional<Figure> {
        const std::uint64_t rank = (all * percent + 99) / 100;  // from 1
        return rank == 0 || rank > known.size() ? std::nullopt : std::optional(known[rank - 1]);
    };
    return {at(50), at(95), at(99), at(100)};
}

std::vector<Minute> minutes_of(EvidenceHistory& history, Timestamp from, Timestamp to) {
    WorstOfMinutes rpo(history.received());
    WorstOfMinutes lag(history.applied());
    ObjectiveOfMinutes objective(history.objectives());
    std::vector<Minute> minutes;
    for (Timestamp begin = from; begin < to; begin = begin + one_minute) {
        const Timestamp end = std::min(begin + one_minute, to);
        minutes.push_back(
            {begin, rpo.next(begin, end), lag.next(begin, end), objective.next(begin, end)});
    }
    return minutes;
}

// Runs of minutes whose RFC 3339 text begins alike: 10 letters are a day, 7 a month.
std::vector<Period> periods(const std::vector<Minute>& minutes, std::size_t letters) {
    std::vector<Period> found;
    const Minute* begin = minutes.data();
    const Minute* const end = begin + minutes.size();
    while (begin != end) {
        const std::string name = to_rfc3339(begin->begin).substr(0, letters);
        const Minute* next = begin;
        while (next != end && to_rfc3339(next->begin).substr(0, letters) == name) {
            ++next;
        }
        found.push_back(summarise(name, begin, next));
        begin = next;
    }
    return found;
}

void add_to(Outage& outage, const Minute& minute, Timestamp to) {
    ++outage.minutes;
    outage.to = std::min(minute.begin + one_minute, to);
    if (!minute.rpo) {
        ++outage.unproven;
    } else if (!outage.worst || outage.worst->rpo < minute.rpo) {
        outage.worst = minute;
    }
}

std::vector<Outage> outages_of(const std::vector<Minute>& minutes, Timestamp to) {
    std::vector<Outage> outages;
    bool is_open = false;
    for (const Minute& minute : minutes) {
        if (minute.is_met()) {
            is_open = false;
            continue;
        }
        if (!is_open) {
            outages.push_back({minute.begin, minute.begin, std::nullopt, 0, 0, ""});
            is_open = true;
        }
        add_to(outages.back(), minute, to);
    }
    return outages;
}

// The worst first: without any proof, then by RPO.
bool is_worse(const Outage& a, const Outage& b) {
    if ((a.unproven > 0) != (b.unproven > 0)) {
        return a.unproven > 0;
    }
    const std::optional<Figure> left = a.worst ? a.worst->rpo : std::nullopt;
    const std::optional<Figure> right = b.worst ? b.worst->rpo : std::nullopt;
    return left != right ? left > right : a.minutes > b.minutes;
}

std::vector<Failover> failovers_of(EvidenceHistory& history, Timestamp from, Timestamp to) {
    std::vector<Failover> failovers;
    for (const EpochRecord& record : history.epochs()) {
        if (record.epoch == Epoch(1) || record.opened < from || record.opened >= to) {
            continue;
        }
        std::optional<Arrival> newest;
        Source<Arrival> arrivals = history.received();
        for (auto next = arrivals(); next && next->at <= record.opened; next = arrivals()) {
            newest = next->epoch < record.epoch ? next : newest;
        }
        failovers.push_back({record, figure_at(record.opened, newest)});
    }
    return failovers;
}

}  // namespace

Period summarise(std::string name, const Minute* begin, const Minute* end) {
    Period period;
    period.name = std::move(name);
    period.minutes = static_cast<std::uint64_t>(end - begin);
    period.met =
        static_cast<std::uint64_t>(std::count_if(begin, end, std::mem_fn(&Minute::is_met)));
    period.proven =
        static_cast<std::uint64_t>(std::count_if(begin, end, std::mem_fn(&Minute::is_proven)));
    period.rpo = percentiles(begin, end, &Minute::rpo);
    period.lag = percentiles(begin, end, &Minute::lag);
    return period;
}

HistoryReport make_report(EvidenceHistory& history, verification::VerifyReport chain,
                          const ReportRange& range) {
    HistoryReport report;
    report.stream = chain.stream;
    report.chain = std::move(chain);
    const Timestamp begin = history.epochs().empty() ? range.to : history.epochs().front().opened;
    report.from = minute_of(range.from.value_or(begin));
    report.to = std::max(range.to, report.from);
    report.evidence_end = history.end();
    // What came before counts for the first minute: the series begins with the evidence.
    const Timestamp start = std::min(report.from, minute_of(begin));
    report.minutes = minutes_of(history, start, report.to);
    std::erase_if(report.minutes, [&](const Minute& m) { return m.begin < report.from; });
    const Minute* const first = report.minutes.data();
    report.total = summarise("all", first, first + report.minutes.size());
    report.months = periods(report.minutes, 7);
    report.days = periods(report.minutes, 10);
    report.outages = outages_of(report.minutes, report.to);
    report.outages_total = report.outages.size();
    std::stable_sort(report.outages.begin(), report.outages.end(), is_worse);
    report.outages.resize(std::min(report.outages.size(), HistoryReport::outages_kept));
    for (Outage& outage : report.outages) {
        outage.cause = cause_of(outage, history);
    }
    report.objectives = history.objectives();
    report.gaps = history.gaps();
    report.late = history.late();
    report.failovers = failovers_of(history, report.from, report.to);
    report.secondaries = history.secondaries();
    report.newest_mark = history.newest_mark();
    return report;
}

}  // namespace farshore::history
