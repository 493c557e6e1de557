#include "agent/runtime/retry.hpp"

namespace farshore::runtime {

Retry::Retry(Clock& clock, Sleeper& sleeper, RetryRules rules, OnRetry on_retry)
    : clock_(clock),
      sleeper_(sleeper),
      rules_(rules),
      on_retry_(std::move(on_retry)),
      backoff_(rules.first, rules.ceiling, rules.seed) {}

void Retry::begin() {
    backoff_.reset();
    began_ = clock_.boot_now();
}

void Retry::wait_or_throw(const Error& error, const StopToken& stop) {
    if (error.action() != Action::retry) {
        throw error;
    }
    if (stop.stop_requested()) {
        throw Error(ErrorCode::cancelled, "stopped after: " + error.message());
    }
    const Duration delay = backoff_.next();
    if (rules_.deadline && clock_.boot_now() - began_ + delay > *rules_.deadline) {
        throw error;
    }
    if (on_retry_) {
        on_retry_(error, delay);
    }
    if (!sleeper_.sleep(delay, stop)) {
        throw Error(ErrorCode::cancelled, "stopped after: " + error.message());
    }
}

}  // namespace farshore::runtime
