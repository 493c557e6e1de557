#pragma once
// What is wrong on this secondary now, by source; told to the primary too when it changes.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "agent/runtime/log.hpp"
#include "protocol/error.hpp"
#include "protocol/time.hpp"

namespace farshore::secondary {

struct StandingFault {
    Error error;
    Timestamp since;
};

// Thread-safe.
class FaultBoard {
  public:
    // A fault came, or went (nullopt).
    using Tell = std::function<void(const std::string& source, const std::optional<Error>& fault)>;
    FaultBoard(Clock& clock, Tell tell) : clock_(clock), tell_(std::move(tell)) {}

    // `source`: a tree, a database, or "" for the whole.
    void raise(const std::string& source, const Error& error) {
        {
            const std::lock_guard lock(mutex_);
            const auto known = faults_.find(source);
            if (known != faults_.end() && known->second.error.code() == error.code() &&
                known->second.error.message() == error.message()) {
                return;
            }
            faults_.insert_or_assign(source, StandingFault{error, clock_.utc_now()});
        }
        log::warning("{}{}{} {}", source, source.empty() ? "" : ": ", error.name(),
                     error.message());
        tell_(source, error);
    }
    void clear(const std::string& source) {
        {
            const std::lock_guard lock(mutex_);
            if (faults_.erase(source) == 0) {
                return;
            }
        }
        log::info("{}{}goes on", source, source.empty() ? "" : ": ");
        tell_(source, std::nullopt);
    }
    [[nodiscard]] std::map<std::string, StandingFault> faults() const {
        const std::lock_guard lock(mutex_);
        return faults_;
    }

  private:
    Clock& clock_;
    Tell tell_;
    mutable std::mutex mutex_;
    std::map<std::string, StandingFault> faults_;
};

}  // namespace farshore::secondary
