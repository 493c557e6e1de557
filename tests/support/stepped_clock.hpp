#pragma once
// A clock that stands still until a test moves it.

#include <string>

#include "protocol/time.hpp"

namespace farshore::test {

class SteppedClock final : public Clock {
  public:
    ClockReading read() override { return {utc_now(), boot_now(), std::nullopt}; }
    BootTime boot_now() override { return boot; }
    Timestamp utc_now() override { return now; }
    std::string boot_id() override { return std::string(16, '\0'); }

    BootTime boot;
    Timestamp now = *parse_rfc3339("2026-11-22T18:00:00Z");
};

}  // namespace farshore::test
