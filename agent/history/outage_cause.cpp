#include "agent/history/outage_cause.hpp"

namespace farshore::history {

namespace {

std::string clock_text(Timestamp time) {
    return to_rfc3339(time).substr(11, 8);
}

std::string unproven_cause(const Outage& outage, EvidenceHistory& history) {
    const std::optional<MarkMoment> received = history.received_at(outage.to);
    if (!received || !history.received_at(outage.from)) {
        return "no mark had been received yet";
    }
    if (!received->as_of) {
        return received->slowest.empty() ? "the stream had no source"
                                         : "the copy of " + received->slowest + " was not finished";
    }
    return outage.unproven < outage.minutes
               ? "no mark had been received for part of it, or no clock's error was known"
               : "neither the clocks' errors nor their difference were known";
}

// Just before an arrival, or the minute's end: where the RPO was greatest.
Timestamp worst_moment(const Minute& minute, EvidenceHistory& history) {
    const Timestamp end = minute.begin + one_minute;
    Timestamp worst = end;
    Duration greatest{-1};
    std::optional<Timestamp> moment = history.next_received_after(minute.begin);
    for (bool is_last = false; !is_last;) {
        is_last = !moment || *moment >= end;
        const Timestamp look = is_last ? end : *moment;
        const std::optional<MarkMoment> received = history.received_at(look);
        if (received && received->as_of && look - *received->as_of > greatest) {
            greatest = look - *received->as_of;
            worst = look;
        }
        moment = history.next_received_after(look + Duration{1});
    }
    return worst;
}

// At the worst moment of an outage: which of the three stood still for most of it?
std::string late_cause(const Outage& outage, EvidenceHistory& history) {
    const Timestamp worst = worst_moment(*outage.worst, history);
    const std::optional<MarkMoment> received = history.received_at(worst);
    const std::optional<MarkMoment> sealed = history.sealed_at(worst);
    if (!received || !sealed) {
        return "not known";
    }
    const Duration half{outage.worst->rpo->value.nanoseconds / 2};
    const EvidenceHistory::Silence silence = history.longest_silence(received->time, worst);
    if (silence.length > half) {
        return "the primary sealed no mark after " + clock_text(silence.after);
    }
    if (received->epoch != sealed->epoch) {
        return "a failover: epoch " + std::to_string(sealed->epoch.value()) +
               " had been opened and nothing of it received";
    }
    if (worst - received->time > half) {
        const std::optional<Timestamp> next = history.next_received_after(worst);
        return "marks were sealed, but none arrived after mark " +
               std::to_string(received->mark.value()) +
               (next ? " until " + clock_text(*next) : " to the end of the evidence") +
               ": the link, or every secondary";
    }
    return "source " + received->slowest + " stood still at " +
           (received->as_of ? clock_text(*received->as_of) : std::string("nothing")) +
           " while marks went on";
}

}  // namespace

std::string cause_of(const Outage& outage, EvidenceHistory& history) {
    return outage.worst ? late_cause(outage, history) : unproven_cause(outage, history);
}

}  // namespace farshore::history
