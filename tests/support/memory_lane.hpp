#pragma once
// Two ends of a lane within one process: what a session's connection is to the roles.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "agent/connection/lane.hpp"

namespace farshore::test {

// Both ends share one; `closed` ends both directions.
struct MemoryWire {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Frame> frames[2];
    std::size_t bytes[2] = {0, 0};
    std::optional<Error> closed;
};

class MemoryLane : public connection::Lane {
  public:
    MemoryLane(std::shared_ptr<MemoryWire> wire, int end) : wire_(std::move(wire)), end_(end) {}

    std::size_t send(Frame frame) override;
    [[nodiscard]] std::optional<Frame> receive(Duration timeout) override;
    void close(const Error& reason) override;
    [[nodiscard]] bool is_closed() const override;
    [[nodiscard]] std::size_t unsent_bytes() const override;

  private:
    std::shared_ptr<MemoryWire> wire_;
    int end_;
};

using LanePair = std::pair<std::shared_ptr<MemoryLane>, std::shared_ptr<MemoryLane>>;
[[nodiscard]] LanePair make_lane_pair();

}  // namespace farshore::test
