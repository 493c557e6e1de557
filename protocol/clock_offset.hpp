#pragma once
// How far the peer's clock is ahead of ours, and how sure that is (pure).

#include <cstdint>
#include <optional>

#include "protocol/time.hpp"

namespace farshore {

// One round trip: asked and returned are of our CLOCK_BOOTTIME, received and answered of the
// peer's.
struct ClockExchange {
    BootTime asked;
    BootTime received;
    BootTime answered;
    BootTime returned;
};

// value ± error.
struct Estimate {
    Duration value;
    Duration error;

    bool operator==(const Estimate&) const = default;
};

// The peer's clock lies between two sendings and two arrivals, so its offset is known to half of
// the round trip, however the trip's two legs compare. What was measured loses worth as time
// passes: two oscillators drift apart by at most `drift_ppm` together. As every estimate widens at
// the same rate, one that is the better one now will always be: one is enough to keep.
//
// Invariants: the true offset lies within the estimate as long as both oscillators are within
// drift_ppm and neither clock was stepped; the error grows until a better exchange comes.
class ClockOffset {
  public:
    // 100 ppm for each of the two: the worst that hosts of any make are specified for; NTP's own
    // limit for a clock that it disciplines is 500 ppm for slewing, which CLOCK_BOOTTIME shares, so
    // a host that is being slewed hard shows as a contradiction.
    static constexpr std::int64_t drift_ppm = 200;

    // False, and nothing changes, for an exchange that no two clocks could give.
    bool add(const ClockExchange& exchange);
    // The peer's clock minus ours, at our `now`; nullopt before the first exchange.
    [[nodiscard]] std::optional<Estimate> at(BootTime now) const;
    // Of the newest exchange.
    [[nodiscard]] std::optional<Duration> round_trip() const { return round_trip_; }
    // How many exchanges have contradicted what was carried on: one of the clocks was stepped, or
    // its host was paused. The new exchange is believed then.
    [[nodiscard]] std::uint64_t contradictions() const { return contradictions_; }
    // The peer has been started anew: its clock is another one.
    void reset();

  private:
    struct Best {
        BootTime measured;
        Estimate offset;
    };

    [[nodiscard]] static Estimate widen(const Best& best, BootTime now);

    std::optional<Best> best_;
    std::optional<Duration> round_trip_;
    std::uint64_t contradictions_ = 0;
};

// The peer's UTC minus ours. `peer_utc` was read at `peer_read` of the peer's CLOCK_BOOTTIME,
// `our_utc` at `our_read` of ours; `offset` is that between the two CLOCK_BOOTTIMEs. The error is
// that of the measuring alone: what each clock says of itself is not in it. Nullopt when the peer
// says a time that can't be.
[[nodiscard]] std::optional<Estimate> utc_offset(Estimate offset, Timestamp peer_utc,
                                                 BootTime peer_read, Timestamp our_utc,
                                                 BootTime our_read);
// True when two clocks can't both be as good as they say they are (CLOCK_FAULT). A clock that says
// nothing of itself contradicts nobody.
[[nodiscard]] bool utc_contradicts(Estimate utc_offset, std::optional<Duration> our_error,
                                   std::optional<Duration> peer_error);

}  // namespace farshore
