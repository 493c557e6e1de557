#include "agent/primary/files/deletion_guard.hpp"

#include <algorithm>

namespace farshore::primary {

namespace {

constexpr Duration window = Duration::from_ms(60'000);
// As few as that are never too many by a share, and are never put off.
constexpr std::uint64_t handful = 100;
constexpr Duration recently = Duration::from_ms(2'000);
// A batch is over when nothing was added for so long; longer than that nothing waits.
constexpr Duration calm = Duration::from_ms(1'000);
constexpr Duration longest = Duration::from_ms(5'000);
constexpr Duration longest_in_scan = Duration::from_ms(60'000);
constexpr Duration between_looks = Duration::from_ms(200);
// So many waiting paths would crowd out the others.
constexpr std::uint64_t most_waiting = 50'000;
// After a batch has passed, marks come in which nothing waits, however steadily things go.
constexpr Duration free_after_pass = Duration::from_ms(2'000);

}  // namespace

bool DeletionGuard::is_too_much(std::uint64_t deletions, std::uint64_t entries) const {
    if (limit_.count) {
        return deletions > *limit_.count;
    }
    return limit_.share && deletions >= handful &&
           static_cast<double>(deletions) > *limit_.share * static_cast<double>(entries);
}

bool DeletionGuard::is_due(std::uint64_t waiting, BootTime now) const {
    return !waiting_since_ || !judged_at_ || waiting >= most_waiting ||
           now - *judged_at_ >= between_looks;
}

void DeletionGuard::expire(BootTime now) {
    while (!scanning_ && !window_.empty() && now - window_.front().at > window) {
        window_.pop_front();
    }
}

std::uint64_t DeletionGuard::counted_recently(BootTime now) const {
    std::uint64_t sum = 0;
    for (const Counted& counted : window_) {
        sum += now - counted.at <= recently ? counted.deletions : 0;
    }
    return sum;
}

bool DeletionGuard::waits(std::uint64_t deletions, bool too_much, BootTime now) {
    if (!limit_.share && !limit_.count) {
        return false;
    }
    const bool is_free = free_until_ && now < *free_until_;
    const std::uint64_t at_once = deletions + counted_recently(now);
    const bool is_handful = at_once <= (limit_.count ? std::min(handful, *limit_.count) : handful);
    if (!waiting_since_ && !too_much && (is_free || is_handful)) {
        return false;
    }
    if (!waiting_since_) {
        waiting_since_ = now;
        waiting_ = 0;
    }
    if (deletions > waiting_) {
        grown_at_ = now;
    }
    waiting_ = deletions;
    if (deletions >= most_waiting) {
        return false;
    }
    if (scanning_) {
        return now - *waiting_since_ < longest_in_scan;
    }
    return now - grown_at_ < calm && now - *waiting_since_ < longest;
}

DeletionGuard::Verdict DeletionGuard::judge(std::uint64_t deletions, std::uint64_t entries,
                                            BootTime now) {
    judged_at_ = now;
    if (deletions == 0) {
        waiting_since_.reset();
        return Verdict::pass;
    }
    expire(now);
    std::uint64_t before = 0;
    std::uint64_t gone = 0;
    for (const Counted& counted : window_) {
        before += counted.deletions;
        gone += counted.passed ? counted.deletions : 0;
    }
    const bool too_much = is_too_much(before + deletions, entries + gone);
    if (waits(deletions, too_much, now)) {
        return Verdict::wait;
    }
    if (waiting_since_ && !too_much) {
        free_until_ = now + free_after_pass;
    }
    waiting_since_.reset();
    window_.push_back({.at = now, .deletions = deletions, .passed = !too_much});
    return too_much ? Verdict::hold : Verdict::pass;
}

void DeletionGuard::forget() {
    window_.clear();
    waiting_since_.reset();
    free_until_.reset();
}

}  // namespace farshore::primary
