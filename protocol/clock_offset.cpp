#include "protocol/clock_offset.hpp"

namespace farshore {

namespace {

std::int64_t absolute(std::int64_t value) {
    return value < 0 ? -value : value;
}

// Differences of clocks that a hostile peer could make overflow are refused at the door.
constexpr std::int64_t largest = std::int64_t{1} << 60;

bool is_plausible(const ClockExchange& exchange) {
    for (const BootTime time :
         {exchange.asked, exchange.received, exchange.answered, exchange.returned}) {
        if (time.nanoseconds < 0 || time.nanoseconds > largest) {
            return false;
        }
    }
    return exchange.returned >= exchange.asked && exchange.answered >= exchange.received &&
           exchange.returned - exchange.asked >= exchange.answered - exchange.received;
}

bool contradict(const Estimate& a, const Estimate& b) {
    const std::int64_t apart = absolute((a.value - b.value).nanoseconds);
    return apart > (a.error + b.error).nanoseconds;
}

}  // namespace

Estimate ClockOffset::widen(const Best& best, BootTime now) {
    const std::int64_t age = absolute((now - best.measured).nanoseconds);
    // Rounded up to whole milliseconds first: age * ppm would overflow after a while.
    const Duration drift{(age / 1'000'000 + 1) * drift_ppm};
    return {best.offset.value, best.offset.error + drift};
}

bool ClockOffset::add(const ClockExchange& exchange) {
    if (!is_plausible(exchange)) {
        return false;
    }
    const Duration round_trip =
        (exchange.returned - exchange.asked) - (exchange.answered - exchange.received);
    const std::int64_t twice = (exchange.received - exchange.asked).nanoseconds +
                               (exchange.answered - exchange.returned).nanoseconds;
    const Best measured{exchange.returned, {{twice / 2}, {round_trip.nanoseconds / 2 + 1}}};
    round_trip_ = round_trip;
    if (!best_) {
        best_ = measured;
        return true;
    }
    const Estimate carried = widen(*best_, exchange.returned);
    const Estimate fresh = widen(measured, exchange.returned);
    const bool contradicted = contradict(carried, fresh);
    contradictions_ += contradicted ? 1 : 0;
    if (contradicted || fresh.error <= carried.error) {
        best_ = measured;
    }
    return true;
}

std::optional<Estimate> ClockOffset::at(BootTime now) const {
    if (!best_) {
        return std::nullopt;
    }
    return widen(*best_, now);
}

void ClockOffset::reset() {
    best_.reset();
    round_trip_.reset();
}

std::optional<Estimate> utc_offset(Estimate offset, Timestamp peer_utc, BootTime peer_read,
                                   Timestamp our_utc, BootTime our_read) {
    if (peer_read.nanoseconds < 0 || peer_read.nanoseconds > largest || peer_utc.nanoseconds < 0 ||
        peer_utc.nanoseconds > 4 * largest) {
        return std::nullopt;
    }
    // The peer's UTC at the moment when we read ours.
    const Duration since = (our_read + offset.value) - peer_read;
    return Estimate{(peer_utc - our_utc) + since, offset.error};
}

bool utc_contradicts(Estimate utc_offset, std::optional<Duration> our_error,
                     std::optional<Duration> peer_error) {
    if (!our_error || !peer_error || peer_error->nanoseconds < 0 ||
        peer_error->nanoseconds > largest) {
        return false;
    }
    return absolute(utc_offset.value.nanoseconds) >
           (utc_offset.error + *our_error + *peer_error).nanoseconds;
}

}  // namespace farshore
