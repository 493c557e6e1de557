#pragma once
// Doing it again: the one loop over attempts. What is worth another attempt says the error's
// action.

#include <functional>
#include <optional>
#include <utility>

#include "agent/runtime/backoff.hpp"
#include "agent/runtime/sleeper.hpp"
#include "agent/runtime/stop_token.hpp"
#include "protocol/error.hpp"
#include "protocol/time.hpp"

namespace farshore::runtime {

struct RetryRules {
    Duration first = Duration::from_ms(100);       // delay after the first failure
    Duration ceiling = Duration::from_ms(30'000);  // delays grow up to this
    std::optional<Duration> deadline;              // since the start; null: for ever
    std::uint64_t seed = 0;                        // of the jitter
};

// Invariants: an error whose action is not `retry` is never tried again; after stop was requested
// or the deadline passed there is no further attempt. For one thread.
class Retry {
  public:
    // Hears of each failure that will be tried again, before the wait.
    using OnRetry = std::function<void(const Error& error, Duration delay)>;

    Retry(Clock& clock, Sleeper& sleeper, RetryRules rules, OnRetry on_retry = {});

    // Calls attempt() until it returns; hands its value on. Throws the last Error when it is not
    // for retrying or the deadline has passed, Error(cancelled) when stop was requested.
    template <typename Attempt>
    auto run(const StopToken& stop, Attempt&& attempt) {
        begin();
        for (;;) {
            try {
                return std::forward<Attempt>(attempt)();
            } catch (const Error& error) {
                wait_or_throw(error, stop);
            }
        }
    }

  private:
    void begin();
    void wait_or_throw(const Error& error, const StopToken& stop);

    Clock& clock_;
    Sleeper& sleeper_;
    RetryRules rules_;
    OnRetry on_retry_;
    Backoff backoff_;
    BootTime began_;
};

}  // namespace farshore::runtime
