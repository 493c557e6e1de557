#include "tests/support/memory_lane.hpp"

#include <chrono>

#include "protocol/limits.hpp"

namespace farshore::test {

std::size_t MemoryLane::send(Frame frame) {
    const std::size_t size = frame.body.size();
    std::unique_lock lock(wire_->mutex);
    wire_->changed.wait(
        lock, [&] { return wire_->closed || wire_->bytes[end_] + size <= limits::lane_window; });
    if (wire_->closed) {
        throw Error(*wire_->closed);
    }
    wire_->bytes[end_] += size;
    wire_->frames[end_].push_back(std::move(frame));
    wire_->changed.notify_all();
    return size;
}

std::optional<Frame> MemoryLane::receive(Duration timeout) {
    std::unique_lock lock(wire_->mutex);
    auto& incoming = wire_->frames[1 - end_];
    wire_->changed.wait_for(lock, std::chrono::nanoseconds(timeout.nanoseconds),
                            [&] { return wire_->closed || !incoming.empty(); });
    if (incoming.empty()) {
        if (wire_->closed) {
            throw Error(*wire_->closed);
        }
        return std::nullopt;
    }
    Frame frame = std::move(incoming.front());
    incoming.pop_front();
    wire_->bytes[1 - end_] -= frame.body.size();
    wire_->changed.notify_all();
    return frame;
}

void MemoryLane::close(const Error& reason) {
    const std::lock_guard lock(wire_->mutex);
    if (!wire_->closed) {
        wire_->closed = reason;
    }
    wire_->changed.notify_all();
}

bool MemoryLane::is_closed() const {
    const std::lock_guard lock(wire_->mutex);
    return wire_->closed.has_value();
}

std::size_t MemoryLane::unsent_bytes() const {
    const std::lock_guard lock(wire_->mutex);
    return wire_->bytes[end_];
}

LanePair make_lane_pair() {
    auto wire = std::make_shared<MemoryWire>();
    return {std::make_shared<MemoryLane>(wire, 0), std::make_shared<MemoryLane>(wire, 1)};
}

}  // namespace farshore::test
