#include "agent/postgres/wake_event.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "protocol/assert.hpp"
#include "protocol/error.hpp"

namespace farshore::postgres {

WakeEvent::WakeEvent() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0) {
        throw Error(ErrorCode::io, "cannot make an event descriptor");
    }
}

WakeEvent::~WakeEvent() {
    close(descriptor_);
}

void WakeEvent::set() {
    const std::uint64_t one = 1;
    // Only fails when it is set already, very often.
    (void)!write(descriptor_, &one, sizeof(one));
}

void WakeEvent::clear() {
    std::uint64_t count = 0;
    (void)!read(descriptor_, &count, sizeof(count));
}

bool WakeEvent::is_set() const {
    return wait(Duration{});
}

bool WakeEvent::wait(Duration timeout) const {
    pollfd poll_one{descriptor_, POLLIN, 0};
    const auto ms = std::clamp<std::int64_t>(timeout.nanoseconds / 1'000'000, 0, 3'600'000);
    return poll(&poll_one, 1, static_cast<int>(ms)) > 0;
}

}  // namespace farshore::postgres
