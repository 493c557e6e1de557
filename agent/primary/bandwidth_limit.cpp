#include "agent/primary/bandwidth_limit.hpp"

#include <algorithm>

namespace farshore::primary {

namespace {

constexpr double second = 1e9;
// What was not sent is lost but for so much of a second: an idle lane makes no burst later.
constexpr double most_saved = 0.05;
// So much of a second may small files be ahead.
constexpr double most_overdrawn = 0.2;
constexpr double shortest_wait = 1e6;  // ns

}  // namespace

BandwidthLimit::BandwidthLimit(Clock& clock, std::uint64_t bytes_per_second)
    : clock_(clock), rate_(bytes_per_second), filled_(clock.boot_now()) {}

void BandwidthLimit::sent(std::uint64_t bytes) {
    if (rate_ > 0) {
        const std::lock_guard lock(mutex_);
        balance_ -= static_cast<double>(bytes);
    }
}

Duration BandwidthLimit::wait(Urgency urgency) {
    if (rate_ == 0) {
        return {};
    }
    const std::lock_guard lock(mutex_);
    const auto rate = static_cast<double>(rate_);
    const BootTime now = clock_.boot_now();
    const double passed = static_cast<double>((now - filled_).nanoseconds) / second;
    filled_ = now;
    balance_ = std::min(balance_ + passed * rate, most_saved * rate);
    const double least = urgency == Urgency::small ? -most_overdrawn * rate : 0;
    if (balance_ >= least) {
        return {};
    }
    const double nanoseconds = (least - balance_) / rate * second;
    return {static_cast<std::int64_t>(std::max(nanoseconds, shortest_wait))};
}

}  // namespace farshore::primary
