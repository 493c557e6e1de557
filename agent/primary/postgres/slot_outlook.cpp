#include "agent/primary/postgres/slot_outlook.hpp"

#include <algorithm>

namespace farshore::primary {

namespace {

constexpr Duration window = Duration::from_ms(60'000);
constexpr double shortest_seconds = 1.0;
// Above this a figure says no more than "very long", and would not fit a Duration.
constexpr double longest_seconds = 10.0 * 365 * 86'400;

}  // namespace

void LogRate::add(Lsn end, BootTime when) {
    // Another server, or one that was restored: what it wrote before says nothing.
    if (!looks_.empty() && end < looks_.back().end) {
        looks_.clear();
    }
    looks_.push_back({end, when});
    // The first one is always at least a window old, or the oldest there is.
    while (looks_.size() > 2 && when - looks_[1].when >= window) {
        looks_.pop_front();
    }
}

std::optional<double> LogRate::bytes_a_second() const {
    if (looks_.size() < 2) {
        return std::nullopt;
    }
    const double seconds = (looks_.back().when - looks_.front().when).seconds();
    if (seconds < shortest_seconds) {
        return std::nullopt;
    }
    return static_cast<double>(looks_.back().end.value() - looks_.front().end.value()) / seconds;
}

std::optional<Duration> time_left(const SlotFacts& slot, std::optional<double> bytes_a_second) {
    std::optional<double> room;
    if (slot.limit_bytes > 0) {
        room = static_cast<double>(slot.limit_bytes) - static_cast<double>(slot.retained_bytes);
    }
    if (slot.safe_wal_bytes) {
        const auto safe = static_cast<double>(*slot.safe_wal_bytes);
        room = room ? std::min(*room, safe) : safe;
    }
    if (!room || !bytes_a_second || *bytes_a_second <= 0) {
        return std::nullopt;
    }
    const double seconds = std::clamp(*room / *bytes_a_second, 0.0, longest_seconds);
    return Duration{static_cast<std::int64_t>(seconds * 1e9)};
}

bool is_over_limit(const SlotFacts& slot) {
    return slot.exists && slot.limit_bytes > 0 && slot.retained_bytes > slot.limit_bytes;
}

}  // namespace farshore::primary
