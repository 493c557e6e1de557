#pragma once
// Instants and durations. UTC times go into evidence; durations are measured with CLOCK_BOOTTIME.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farshore {

// A duration in nanoseconds, signed.
struct Duration {
    std::int64_t nanoseconds = 0;

    // What is longer than a hundred years is a hundred years, so that it can be added to a time;
    // what is no number is 0.
    [[nodiscard]] static constexpr Duration from_seconds(double s) {
        constexpr double longest = 100.0 * 366 * 86'400;
        if (!(s > -longest)) {
            return {s <= -longest ? -static_cast<std::int64_t>(longest * 1e9) : 0};
        }
        return {static_cast<std::int64_t>((s < longest ? s : longest) * 1e9)};
    }
    [[nodiscard]] static constexpr Duration from_ms(std::int64_t ms) { return {ms * 1'000'000}; }
    [[nodiscard]] constexpr double seconds() const {
        return static_cast<double>(nanoseconds) / 1e9;
    }
    constexpr auto operator<=>(const Duration&) const = default;
    constexpr Duration operator+(Duration o) const { return {nanoseconds + o.nanoseconds}; }
    constexpr Duration operator-(Duration o) const { return {nanoseconds - o.nanoseconds}; }
};

// An instant of UTC, nanoseconds since 1970-01-01 (years 1678 to 2261).
struct Timestamp {
    std::int64_t nanoseconds = 0;

    constexpr auto operator<=>(const Timestamp&) const = default;
    constexpr Timestamp operator+(Duration d) const { return {nanoseconds + d.nanoseconds}; }
    constexpr Duration operator-(Timestamp o) const { return {nanoseconds - o.nanoseconds}; }
};

// An instant of this host's CLOCK_BOOTTIME; comparable only within one boot of one host.
struct BootTime {
    std::int64_t nanoseconds = 0;

    constexpr auto operator<=>(const BootTime&) const = default;
    constexpr BootTime operator+(Duration d) const { return {nanoseconds + d.nanoseconds}; }
    constexpr Duration operator-(BootTime o) const { return {nanoseconds - o.nanoseconds}; }
};

// A file's time as the kernel gives it: any 64-bit second; 0 <= nanoseconds < 1e9.
struct FileTime {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;

    constexpr auto operator<=>(const FileTime&) const = default;
};

// "2026-11-22T18:44:49.123456789Z": always nine digits.
[[nodiscard]] std::string to_rfc3339(Timestamp time);
// Reads RFC 3339 with Z or an offset, 0 to 9 fraction digits, years 1678 to 2261.
[[nodiscard]] std::optional<Timestamp> parse_rfc3339(std::string_view text);
// The same form for years 1 to 9999; outside of them the whole nanoseconds as a decimal string,
// as the evidence has it (MARKS.md).
[[nodiscard]] std::string to_evidence_text(FileTime time);
[[nodiscard]] std::optional<FileTime> parse_evidence_text(std::string_view text);

// What a clock says at one moment. utc_error: null when the clock is not synchronised, never 0 for
// that.
struct ClockReading {
    Timestamp utc;
    BootTime boot;
    std::optional<Duration> utc_error;
};

// Time comes in through here; tests hand in a simulated one.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual ClockReading read() = 0;
    [[nodiscard]] virtual BootTime boot_now() = 0;
    [[nodiscard]] virtual Timestamp utc_now() = 0;
    // 16 bytes that differ for each boot of each host.
    [[nodiscard]] virtual std::string boot_id() = 0;
};

}  // namespace farshore
