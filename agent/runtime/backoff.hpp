#pragma once
// How long to wait before the next attempt. Pure: the same seed gives the same delays.

#include <cstdint>

#include "protocol/time.hpp"

namespace farshore::runtime {

// Invariants: a delay lies between half of and the whole of min(first * 2^n, ceiling) after n
// failures, so that those who lost the same connection do not come back in step.
class Backoff {
  public:
    Backoff(Duration first, Duration ceiling, std::uint64_t seed);

    [[nodiscard]] Duration next();
    // The last attempt went well: begin at `first` again.
    void reset();
    [[nodiscard]] int failures() const { return failures_; }

  private:
    Duration first_, ceiling_;
    std::uint64_t state_;
    int failures_ = 0;
};

}  // namespace farshore::runtime
