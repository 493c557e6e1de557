#pragma once
// What is said of one minute.

#include <optional>
#include <vector>

#include "protocol/time.hpp"

namespace farshore::history {

// The upper end of an interval, its error already in it.
struct Figure {
    Duration value;
    Duration error;

    auto operator<=>(const Figure&) const = default;
};

// Its worst moments, and the strictest objective that was in force in it. A figure is null when it
// was not known at every moment of the minute: then the minute is without proof.
struct Minute {
    Timestamp begin;  // UTC, whole minutes since 1970
    std::optional<Figure> rpo;
    std::optional<Figure> lag;
    std::optional<Duration> objective;

    [[nodiscard]] bool is_proven() const { return rpo.has_value(); }
    // A minute without proof is a miss, and so is one in which there was no objective yet.
    [[nodiscard]] bool is_met() const { return rpo && objective && rpo->value <= *objective; }
    bool operator==(const Minute&) const = default;
};

constexpr Duration one_minute = Duration::from_ms(60'000);
// The begin of the minute that holds `moment`.
[[nodiscard]] constexpr Timestamp minute_of(Timestamp moment) {
    const std::int64_t size = one_minute.nanoseconds;
    const std::int64_t rest = ((moment.nanoseconds % size) + size) % size;
    return {moment.nanoseconds - rest};
}

}  // namespace farshore::history
