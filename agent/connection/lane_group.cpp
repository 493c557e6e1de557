#include "agent/connection/lane_group.hpp"

namespace farshore::connection {

void LaneGroup::add(const std::shared_ptr<AsioLane>& lane) {
    std::optional<Error> closed;
    {
        const std::lock_guard lock(mutex_);
        closed = closed_;
        lanes_.push_back(lane);
    }
    if (closed) {
        lane->close(*closed);
        return;
    }
    lane->on_close([group = shared_from_this()](const Error& reason) { group->close(reason); });
}

void LaneGroup::close(const Error& reason) {
    std::vector<std::weak_ptr<AsioLane>> lanes;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            return;
        }
        closed_ = reason;
        lanes.swap(lanes_);
    }
    for (const auto& weak : lanes) {
        if (const auto lane = weak.lock()) {
            lane->close(reason);
        }
    }
}

bool LaneGroup::is_closed() const {
    const std::lock_guard lock(mutex_);
    return closed_.has_value();
}

void attach_lane(Session& session, const Hello& hello, std::shared_ptr<Lane> lane) {
    switch (hello.lane) {
        case LaneKind::control:
            session.control = std::move(lane);
            break;
        case LaneKind::database:
            session.databases[*hello.database] = std::move(lane);
            break;
        case LaneKind::bulk:
            session.bulk.resize(hello.bulk_lanes);
            session.bulk[hello.bulk_index] = std::move(lane);
            break;
    }
}

}  // namespace farshore::connection
