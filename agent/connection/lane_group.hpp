#pragma once
// The lanes of one session: when one is closed, all are.

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/connection/asio_lane.hpp"
#include "agent/connection/session.hpp"

namespace farshore::connection {

// Invariants: after the first close every lane that is or will be in the group is closed with the
// same Error. Every call is thread-safe.
class LaneGroup : public std::enable_shared_from_this<LaneGroup> {
  public:
    void add(const std::shared_ptr<AsioLane>& lane);
    void close(const Error& reason);
    [[nodiscard]] bool is_closed() const;

  private:
    mutable std::mutex mutex_;
    std::vector<std::weak_ptr<AsioLane>> lanes_;
    std::optional<Error> closed_;
};

// Puts the lane where its Hello says.
void attach_lane(Session& session, const Hello& hello, std::shared_ptr<Lane> lane);

}  // namespace farshore::connection
