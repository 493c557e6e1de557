#include "agent/secondary/bulk_receiver.hpp"

#include "agent/runtime/sleeper.hpp"

namespace farshore::secondary {

namespace {

constexpr Duration read_turn = Duration::from_ms(200);
constexpr Duration room_turn = Duration::from_ms(1'000);
// Large files under way at once on one lane; the primary has a handful of threads for them.
constexpr std::size_t most_transfers = 64;

}  // namespace

BulkReceiver::BulkReceiver(const Trees& trees, FaultBoard& faults,
                           std::function<void(std::uint64_t)> processed)
    : trees_(trees), faults_(faults), processed_(std::move(processed)) {}

void BulkReceiver::run(connection::Lane& lane, const runtime::StopToken& stop) {
    while (!stop.stop_requested()) {
        if (const std::optional<Frame> frame = lane.receive(read_turn)) {
            take(*frame, stop);
        }
    }
}

void BulkReceiver::take(const Frame& frame, const runtime::StopToken& stop) {
    switch (frame.kind) {
        case MessageKind::content_whole:
            take_whole(from_frame<ContentWhole>(frame), stop);
            break;
        case MessageKind::content_begin:
            take_begin(from_frame<ContentBegin>(frame), stop);
            break;
        case MessageKind::content_data:
            take_data(from_frame<ContentData>(frame), stop);
            break;
        case MessageKind::content_end:
            take_end(from_frame<ContentEnd>(frame));
            break;
        case MessageKind::content_abort:
            transfers_.erase(from_frame<ContentAbort>(frame).transfer);
            count();
            break;
        default:
            throw Error(ErrorCode::malformed, "a frame of kind " +
                                                  std::to_string(static_cast<int>(frame.kind)) +
                                                  " does not belong on a bulk lane");
    }
}

ReplicaTree& BulkReceiver::tree(const SourceName& name) const {
    const auto found = trees_.find(name);
    if (found == trees_.end()) {
        throw Error(ErrorCode::malformed, "content for tree " + name.str() + ", which is not ours");
    }
    return *found->second;
}

void BulkReceiver::with_room(const SourceName& name, const runtime::StopToken& stop,
                             const std::function<void()>& deed) {
    runtime::SystemSleeper sleeper;
    for (;;) {
        try {
            deed();
            faults_.clear(name.str() + " staging");
            return;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::disk_full && error.code() != ErrorCode::io) {
                throw;
            }
            faults_.raise(name.str() + " staging", error);
            if (error.code() == ErrorCode::disk_full) {
                tree(name).ask_for_room();
            }
        }
        if (!sleeper.sleep(room_turn, stop)) {
            throw Error(ErrorCode::cancelled, "the session has ended");
        }
    }
}

void BulkReceiver::take_whole(const ContentWhole& message, const runtime::StopToken& stop) {
    ReplicaTree& replica = tree(message.tree);
    with_room(message.tree, stop,
              [&] { replica.staging().put_whole(message.sha256, message.content); });
    count();
}

void BulkReceiver::take_begin(const ContentBegin& message, const runtime::StopToken& stop) {
    if (transfers_.size() >= most_transfers || transfers_.contains(message.transfer)) {
        throw Error(ErrorCode::malformed, "a transfer number is in use, or there are too many");
    }
    ReplicaTree& replica = tree(message.tree);
    Incoming incoming{.tree = message.tree, .transfer = nullptr};
    with_room(message.tree, stop,
              [&] { incoming.transfer = replica.staging().begin(message.expected_size); });
    transfers_.emplace(message.transfer, std::move(incoming));
}

void BulkReceiver::take_data(const ContentData& message, const runtime::StopToken& stop) {
    const auto found = transfers_.find(message.transfer);
    if (found == transfers_.end()) {
        throw Error(ErrorCode::malformed, "data of a transfer that was not begun");
    }
    with_room(found->second.tree, stop, [&] { found->second.transfer->data(message.content); });
}

void BulkReceiver::take_end(const ContentEnd& message) {
    const auto found = transfers_.find(message.transfer);
    if (found == transfers_.end()) {
        throw Error(ErrorCode::malformed, "the end of a transfer that was not begun");
    }
    // A wrong digest means damage on the way or a broken peer: the session ends by it.
    found->second.transfer->end(message.size, message.sha256);
    transfers_.erase(found);
    count();
}

}  // namespace farshore::secondary
