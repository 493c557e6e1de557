#include "agent/verification/mark_chain.hpp"

namespace farshore::verification {

void MarkChain::add(const Mark& mark, const std::string& place, VerifyReport& report) {
    const bool follows = gap_ ? mark.mark > last_ : mark.mark == last_.next();
    if (!follows) {
        report.add({FindingKind::bad_order, "", place,
                    "mark " + std::to_string(last_.next().value()),
                    "mark " + std::to_string(mark.mark.value())});
    }
    if (mark.time < time_) {
        report.add({FindingKind::bad_order, "",
                    place + ", mark " + std::to_string(mark.mark.value()),
                    "a time from " + to_rfc3339(time_), to_rfc3339(mark.time)});
    }
    time_ = mark.time;
    check_sources(mark, place, report);
    last_ = mark.mark;
    gap_ = false;
}

void MarkChain::check_sources(const Mark& mark, const std::string& place, VerifyReport& report) {
    for (const auto& [name, source] : mark.sources) {
        const std::string here = place + ", mark " + std::to_string(mark.mark.value());
        if (const std::optional<Timestamp> moment = as_of(source)) {
            const auto before = as_of_.find(name);
            if (before != as_of_.end() && *moment < before->second) {
                report.add({FindingKind::bad_order, name.str(), here,
                            "as_of from " + to_rfc3339(before->second), to_rfc3339(*moment)});
            }
            if (*moment > mark.time) {
                report.add({FindingKind::bad_order, name.str(), here,
                            "as_of up to " + to_rfc3339(mark.time), to_rfc3339(*moment)});
            }
            as_of_.insert_or_assign(name, *moment);
        }
        if (const auto* database = std::get_if<DatabaseMark>(&source)) {
            const auto before = databases_.find(name);
            if (before != databases_.end() &&
                before->second.system_identifier == database->system_identifier &&
                database->lsn < before->second.lsn) {
                report.add({FindingKind::bad_order, name.str(), here,
                            "position from " + to_string(before->second.lsn),
                            to_string(database->lsn)});
            }
            databases_.insert_or_assign(name, *database);
        }
    }
}

}  // namespace farshore::verification
