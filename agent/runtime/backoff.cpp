#include "agent/runtime/backoff.hpp"

#include <algorithm>

#include "protocol/assert.hpp"

namespace farshore::runtime {

namespace {

// splitmix64: a whole period of 2^64 from any seed, 0 included.
std::uint64_t advance(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t value = state;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

}  // namespace

Backoff::Backoff(Duration first, Duration ceiling, std::uint64_t seed)
    : first_(first), ceiling_(ceiling), state_(seed) {
    FARSHORE_ASSERT(first.nanoseconds > 0 && first <= ceiling);
}

Duration Backoff::next() {
    std::int64_t whole = first_.nanoseconds;
    for (int i = 0; i < failures_ && whole < ceiling_.nanoseconds; ++i) {
        whole = whole > ceiling_.nanoseconds / 2 ? ceiling_.nanoseconds : whole * 2;
    }
    whole = std::min(whole, ceiling_.nanoseconds);
    ++failures_;
    const std::int64_t half = whole / 2;
    const auto span = static_cast<std::uint64_t>(whole - half) + 1;
    return Duration{half + static_cast<std::int64_t>(advance(state_) % span)};
}

void Backoff::reset() {
    failures_ = 0;
}

}  // namespace farshore::runtime
