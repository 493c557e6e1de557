#pragma once
// The kernel's clocks behind the Clock interface: CLOCK_REALTIME, CLOCK_BOOTTIME, and what the
// kernel knows about the error of the first.

#include <optional>
#include <string>

#include "protocol/time.hpp"

namespace farshore::runtime {

// What adjtimex says, as far as it matters here.
struct KernelTime {
    bool unsynchronised = true;  // TIME_ERROR or STA_UNSYNC
    std::int64_t maximum_error_us = 0;
    std::int64_t estimated_error_us = 0;
};

// The bound of UTC that these figures support; null when there is none. chrony and ntpd hand the
// kernel both errors; timesyncd sets both to 0, which is no bound at all, never "exact".
[[nodiscard]] std::optional<Duration> utc_error_of(const KernelTime& time);

// CPU that the calling thread has used.
[[nodiscard]] Duration thread_cpu_time();

// Invariants: boot_id_ is constant for the life of the process. Every call is thread-safe.
class SystemClock : public Clock {
  public:
    // Throws Error(io) when the kernel does not give its boot id.
    SystemClock();

    [[nodiscard]] ClockReading read() override;
    [[nodiscard]] BootTime boot_now() override;
    [[nodiscard]] Timestamp utc_now() override;
    [[nodiscard]] std::string boot_id() override { return boot_id_; }

  private:
    std::string boot_id_;  // 16 bytes
};

}  // namespace farshore::runtime
