// How far this secondary is: what lag and status are made of.

#include <algorithm>
#include <chrono>

#include "agent/secondary/secondary.hpp"
#include "protocol/envelope.hpp"

namespace farshore::secondary {

namespace {

std::optional<Mark> read_mark(const std::string& envelope) {
    const auto payload = read_envelope_payload(envelope, payload_type::mark);
    if (!payload) {
        return std::nullopt;
    }
    auto mark = parse_mark(payload.value());
    return mark ? std::optional(std::move(mark).take()) : std::nullopt;
}

// `taken`, `boots`: its time and the as_of of its sources on the primary's CLOCK_BOOTTIME, when
// that boot is still the one that the offset speaks of.
MarkMoments moments_of(const Mark& mark, const std::optional<BootTime>& taken,
                       const std::map<SourceName, BootTime>& boots) {
    MarkMoments moments;
    moments.mark = mark.mark;
    moments.taken = {.boot = taken, .utc = mark.time, .utc_error = mark.clock_error};
    for (const auto& [name, source] : mark.sources) {
        const auto when = as_of(source);
        if (!when) {
            continue;
        }
        const auto boot = boots.find(name);
        moments.as_of[name] = {
            .boot = boot == boots.end() ? std::nullopt : std::optional(boot->second),
            .utc = *when,
            .utc_error = mark.clock_error};
    }
    return moments;
}

}  // namespace

SecondaryView Secondary::view() {
    SecondaryView view;
    {
        const std::lock_guard lock(mutex_);
        view.connected = session_ != nullptr;
        view.connected_since = connected_since_;
        view.primary = primary_;
        view.offset = offset_.at(services_.clock.boot_now());
        view.utc_offset = utc_offset_;
        view.round_trip = offset_.round_trip();
        view.primary_faults = primary_faults_;
        view.connection_fault = connection_fault_;
        if (session_) {
            for (const auto& [name, database] : databases_) {
                view.spooled[name] = session_->position(name);
            }
        }
    }
    view.faults = faults_.faults();
    view.gaps = recovery_->gaps();
    fill_moments(view);
    return view;
}

std::optional<Mark> Secondary::mark_at(MarkNumber number) {
    if (number.is_zero()) {
        return std::nullopt;
    }
    const auto found = view_state_.marks_received_after(MarkNumber(number.value() - 1), 1);
    return found.empty() || found.front().mark != number ? std::nullopt
                                                         : read_mark(found.front().envelope);
}

// Each mark, also while nobody asks: the newest complete one may be followed by many that are not.
void Secondary::note_received() {
    const std::lock_guard lock(view_mutex_);
    look_at_newest(view_state_.standing());
}

void Secondary::look_at_newest(const storage::SecondaryStanding& standing) {
    if (newest_mark_ && newest_mark_->mark == standing.received_mark &&
        newest_mark_->epoch == standing.epoch) {
        return;
    }
    newest_mark_ = mark_at(standing.received_mark);
    if (newest_mark_ && newest_mark_->complete) {
        newest_complete_.take(
            moments_of(*newest_mark_, standing.received_taken, standing.received_as_of),
            standing.primary_boot_id);
    }
}

void Secondary::fill_moments(SecondaryView& view) {
    const std::lock_guard lock(view_mutex_);
    view.standing = view_state_.standing();
    view.databases = view_state_.databases();
    if (!view.standing.epoch.is_zero()) {
        view.epoch = view.standing.epoch;
    }
    std::string boot;
    {
        const std::lock_guard inner(mutex_);
        boot = offset_boot_;
    }
    const bool same_boot = boot == view.standing.primary_boot_id;
    const auto moments = [&](const Mark& mark, const std::optional<BootTime>& taken,
                             const std::map<SourceName, BootTime>& boots) {
        return same_boot ? moments_of(mark, taken, boots) : moments_of(mark, std::nullopt, {});
    };
    look_at_newest(view.standing);
    view.newest_mark = newest_mark_;
    if (newest_mark_) {
        view.received =
            moments(*newest_mark_, view.standing.received_taken, view.standing.received_as_of);
    }
    view.complete = newest_complete_.at(boot);
    if (const auto mark = mark_at(view.standing.applied_mark)) {
        view.applied = moments(*mark, view.standing.applied_taken, view.standing.applied_as_of);
    }
}

bool Secondary::wait_applied(MarkNumber mark, Duration timeout) {
    const BootTime until = services_.clock.boot_now() + timeout;
    for (;;) {
        {
            const std::lock_guard lock(view_mutex_);
            if (view_state_.standing().applied_mark >= mark) {
                return true;
            }
        }
        const Duration left = until - services_.clock.boot_now();
        if (left.nanoseconds <= 0) {
            return false;
        }
        std::unique_lock lock(mutex_);
        changed_.wait_for(
            lock, std::chrono::nanoseconds(std::min(left.nanoseconds, std::int64_t{200'000'000})));
    }
}

}  // namespace farshore::secondary
