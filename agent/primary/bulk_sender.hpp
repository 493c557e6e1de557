#pragma once
// File content onto the bulk lanes of one session, counted so that the receiver can tell what is
// still under way from what was never sent (LaneCounts).

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agent/connection/lane.hpp"
#include "protocol/message_content.hpp"
#include "protocol/message_cut.hpp"

namespace farshore::primary {

// Small files go over lane 0 and never wait behind large ones, which share the other lanes.
// Invariants: a lane's count is raised in the order of its frames; a count that was read covers
// every message whose call had returned before.
class BulkSender {
  public:
    explicit BulkSender(std::vector<std::shared_ptr<connection::Lane>> lanes);

    // Each call blocks while the lane's window is full and throws the Error the lane was closed
    // with.
    // Whether whole() would be taken at once.
    [[nodiscard]] bool has_room() const;
    void whole(const SourceName& tree, const Digest& sha256, std::string_view content);
    // A large file: the number that begin() gives names the transfer until end or abort.
    [[nodiscard]] std::uint64_t begin(const SourceName& tree, std::uint64_t expected_size);
    void data(std::uint64_t transfer, std::string_view content);
    void end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256);
    void abort(std::uint64_t transfer);

    // Messages that ended a content (whole, end, abort) on each lane so far.
    [[nodiscard]] LaneCounts sent() const;

  private:
    struct CountedLane {
        std::shared_ptr<connection::Lane> lane;
        std::mutex order;
        std::atomic<std::uint64_t> count{0};
    };

    template <typename M>
    void send_counted(CountedLane& to, const M& message);
    CountedLane& lane_of(std::uint64_t transfer);

    std::vector<std::unique_ptr<CountedLane>> lanes_;
    std::atomic<std::uint64_t> next_transfer_{0};
};

}  // namespace farshore::primary
