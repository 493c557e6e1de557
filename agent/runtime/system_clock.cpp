#include "agent/runtime/system_clock.hpp"

#include <sys/timex.h>

#include <ctime>
#include <fstream>

#include "protocol/assert.hpp"
#include "protocol/error.hpp"

namespace farshore::runtime {

namespace {

std::int64_t nanoseconds_of(clockid_t which) {
    timespec now{};
    FARSHORE_ASSERT(::clock_gettime(which, &now) == 0);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

KernelTime kernel_time() {
    timex answer{};
    const int state = ::adjtimex(&answer);  // modes = 0: only reads, needs no right
    KernelTime time;
    time.unsynchronised = state < 0 || state == TIME_ERROR || (answer.status & STA_UNSYNC) != 0;
    time.maximum_error_us = answer.maxerror;
    time.estimated_error_us = answer.esterror;
    return time;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string read_boot_id() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    std::getline(file, text);
    std::string id;
    int high = -1;
    for (const char c : text) {
        const int digit = hex_digit(c);
        if (digit < 0) {
            continue;  // the dashes
        }
        if (high < 0) {
            high = digit;
        } else {
            id.push_back(static_cast<char>(high * 16 + digit));
            high = -1;
        }
    }
    if (id.size() != 16) {
        throw Error(ErrorCode::io, "cannot read /proc/sys/kernel/random/boot_id: not 16 bytes");
    }
    return id;
}

}  // namespace

std::optional<Duration> utc_error_of(const KernelTime& time) {
    // An estimate of exactly 0 is what timesyncd writes; the kernel then lets only the maximum
    // grow from 0, so neither figure says how far off its server was.
    if (time.unsynchronised || time.estimated_error_us == 0 || time.maximum_error_us <= 0) {
        return std::nullopt;
    }
    return Duration{time.maximum_error_us * 1'000};
}

Duration thread_cpu_time() {
    timespec time{};
    FARSHORE_ASSERT(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
    return {std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

SystemClock::SystemClock() : boot_id_(read_boot_id()) {}

ClockReading SystemClock::read() {
    ClockReading reading;
    // The two clocks are read one after the other: the middle of two readings of the first is
    // within nanoseconds of the second.
    const std::int64_t before = nanoseconds_of(CLOCK_BOOTTIME);
    reading.utc = utc_now();
    const std::int64_t after = nanoseconds_of(CLOCK_BOOTTIME);
    reading.boot = BootTime{before + (after - before) / 2};
    reading.utc_error = utc_error_of(kernel_time());
    return reading;
}

BootTime SystemClock::boot_now() {
    return BootTime{nanoseconds_of(CLOCK_BOOTTIME)};
}

Timestamp SystemClock::utc_now() {
    return Timestamp{nanoseconds_of(CLOCK_REALTIME)};
}

}  // namespace farshore::runtime
