#include "agent/primary/bulk_sender.hpp"

namespace farshore::primary {

BulkSender::BulkSender(std::vector<std::shared_ptr<connection::Lane>> lanes) {
    FARSHORE_ASSERT(!lanes.empty());
    for (auto& lane : lanes) {
        lanes_.push_back(std::make_unique<CountedLane>());
        lanes_.back()->lane = std::move(lane);
    }
}

template <typename M>
void BulkSender::send_counted(CountedLane& to, const M& message) {
    const std::lock_guard lock(to.order);
    connection::send(*to.lane, message);
    to.count.fetch_add(1);
}

BulkSender::CountedLane& BulkSender::lane_of(std::uint64_t transfer) {
    // Lane 0 is for small files, unless it is the only one.
    if (lanes_.size() == 1) {
        return *lanes_.front();
    }
    return *lanes_[1 + transfer % (lanes_.size() - 1)];
}

bool BulkSender::has_room() const {
    return lanes_.front()->lane->unsent_bytes() + limits::frame_body < limits::lane_window;
}

void BulkSender::whole(const SourceName& tree, const Digest& sha256, std::string_view content) {
    send_counted(*lanes_.front(), ContentWhole{tree, sha256, std::string(content)});
}

std::uint64_t BulkSender::begin(const SourceName& tree, std::uint64_t expected_size) {
    const std::uint64_t transfer = next_transfer_.fetch_add(1);
    connection::send(*lane_of(transfer).lane, ContentBegin{transfer, tree, expected_size});
    return transfer;
}

void BulkSender::data(std::uint64_t transfer, std::string_view content) {
    while (!content.empty()) {
        const std::string_view piece = content.substr(0, limits::payload_piece);
        connection::send(*lane_of(transfer).lane, ContentData{transfer, std::string(piece)});
        content.remove_prefix(piece.size());
    }
}

void BulkSender::end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256) {
    send_counted(lane_of(transfer), ContentEnd{transfer, size, sha256});
}

void BulkSender::abort(std::uint64_t transfer) {
    send_counted(lane_of(transfer), ContentAbort{transfer});
}

LaneCounts BulkSender::sent() const {
    LaneCounts counts;
    for (const auto& lane : lanes_) {
        counts.push_back(lane->count.load());
    }
    return counts;
}

}  // namespace farshore::primary
