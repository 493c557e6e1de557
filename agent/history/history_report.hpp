#pragma once
// The history of a stream's RPO and lag: what `farshore report` tells, as plain values.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/history/evidence_history.hpp"
#include "agent/history/minute.hpp"
#include "agent/verification/report.hpp"
#include "protocol/mark.hpp"

namespace farshore::history {

// Over the minutes' worst moments, by nearest rank; a minute whose figure is not known counts as
// worse than any number, so a percentile that falls on one is null.
struct Percentiles {
    std::optional<Figure> p50, p95, p99, worst;
};

struct Period {
    std::string name;  // "2026-11-22", "2026-11", "all"
    std::uint64_t minutes = 0;
    std::uint64_t met = 0;
    std::uint64_t proven = 0;
    Percentiles rpo, lag;

    // Shares of 1.
    [[nodiscard]] double compliance() const { return share(met); }
    [[nodiscard]] double coverage() const { return share(proven); }

  private:
    [[nodiscard]] double share(std::uint64_t part) const {
        return minutes == 0 ? 0 : static_cast<double>(part) / static_cast<double>(minutes);
    }
};

// Missed minutes that follow each other.
struct Outage {
    Timestamp from, to;
    std::optional<Minute> worst;  // none: every one of them was without proof
    std::uint64_t minutes = 0;
    std::uint64_t unproven = 0;
    std::string cause;  // as far as the evidence tells
};

struct Failover {
    EpochRecord record;
    std::optional<Figure> lost;  // what would have been lost at most when the epoch was opened
};

struct HistoryReport {
    static constexpr std::size_t outages_kept = 50;

    std::string stream;
    Timestamp from, to;
    std::optional<Timestamp> evidence_end;
    verification::VerifyReport chain;  // of the check that all of this rests on
    std::vector<Minute> minutes;
    Period total;
    std::vector<Period> months, days;
    std::uint64_t outages_total = 0;
    std::vector<Outage> outages;  // the worst first
    std::vector<ObjectiveChange> objectives;
    std::vector<SourceGap> gaps;
    std::vector<LateRecords> late;
    std::vector<Failover> failovers;
    std::map<AgentName, SecondaryHistory> secondaries;
    std::optional<Mark> newest_mark;  // of it: what is not covered
};

struct ReportRange {
    std::optional<Timestamp> from;  // none: where the first epoch was opened
    Timestamp to;
};

// `chain`: what the check said that `history` was told by.
[[nodiscard]] HistoryReport make_report(EvidenceHistory& history, verification::VerifyReport chain,
                                        const ReportRange& range);
[[nodiscard]] Period summarise(std::string name, const Minute* begin, const Minute* end);

}  // namespace farshore::history
