#include "agent/secondary/postgres/database_receiver.hpp"

#include "agent/secondary/postgres/replica_copy.hpp"
#include "protocol/limits.hpp"

namespace farshore::secondary {

namespace {

constexpr auto receive_timeout = Duration::from_ms(1000);
constexpr auto room_pause = Duration::from_ms(100);

}  // namespace

DatabaseReceiver::DatabaseReceiver(StreamName stream, config::Database database,
                                   storage::ChangeSpool& spool, std::uint64_t spool_limit_bytes,
                                   DatabaseReceiverEvents events)
    : stream_(std::move(stream)),
      database_(std::move(database)),
      spool_(spool),
      spool_limit_bytes_(spool_limit_bytes),
      events_(std::move(events)) {}

void DatabaseReceiver::run(connection::Lane& lane, const DatabaseStanding& standing) {
    spool_.begin_session(standing.received);
    if (standing.copied) {
        move_to(standing.received);
    }
    bool may_copy = !standing.copied;
    while (!stop_.is_set()) {
        wait_for_room();
        const auto frame = lane.receive(receive_timeout);
        if (!frame) {
            continue;
        }
        if (frame->kind == MessageKind::copy_begin && may_copy) {
            receive_copy(lane, *frame);
        } else {
            take(*frame);
        }
        may_copy = false;
    }
}

void DatabaseReceiver::receive_copy(connection::Lane& lane, const Frame& first) {
    try {
        std::optional<CopyBegin> next = from_frame<CopyBegin>(first);
        while (next) {
            next = copy(lane, *next);
        }
    } catch (const Error& error) {
        CopyResult result;
        result.code = error.code();
        result.reason = error.message().substr(0, limits::text);
        if (!stop_.is_set() && !lane.is_closed()) {
            lane.send(to_frame(result));
        }
        throw;
    }
}

std::optional<CopyBegin> DatabaseReceiver::copy(connection::Lane& lane, const CopyBegin& begin) {
    DatabaseStanding standing{false, begin.lsn, begin.system_identifier, begin.timeline, Lsn()};
    if (events_.on_copy_begin) {
        events_.on_copy_begin(standing);
    }
    spool_.clear();
    spool_.begin_session(begin.lsn);
    ReplicaCopy copy(stream_, database_, begin, stop_);
    for (const CopyStanding& piece : copy.standing()) {
        lane.send(to_frame(piece));
    }
    while (!copy.finished()) {
        if (stop_.is_set()) {
            throw Error(ErrorCode::cancelled, "the agent stops");
        }
        const auto frame = lane.receive(receive_timeout);
        if (frame && frame->kind == MessageKind::copy_begin) {
            return from_frame<CopyBegin>(*frame);
        }
        if (frame) {
            copy.take(*frame);
        }
    }
    standing.copied = true;
    standing.whole_from = copy.whole_from();
    if (events_.on_copied) {
        events_.on_copied(standing);
    }
    CopyResult result;
    result.done = true;
    lane.send(to_frame(result));
    move_to(standing.received);
    return std::nullopt;
}

void DatabaseReceiver::let_go(const std::string& reason) {
    if (events_.on_copy_needed && events_.on_copy_needed(reason)) {
        throw Error(ErrorCode::connection_lost,
                    "database " + database_.name.str() + " is copied anew: " + reason);
    }
}

void DatabaseReceiver::take(const Frame& frame) {
    if (frame.kind == MessageKind::copy_needed) {
        let_go(from_frame<CopyNeeded>(frame).reason);
        return;
    }
    if (frame.kind == MessageKind::database_timeline) {
        if (events_.on_timeline) {
            events_.on_timeline(from_frame<DatabaseTimeline>(frame).timeline);
        }
        return;
    }
    if (frame.kind == MessageKind::database_position) {
        move_to(from_frame<DatabasePosition>(frame).lsn);
        return;
    }
    spool_.append(from_frame<DatabaseChanges>(frame));
    move_to(spool_.last_commit());
}

void DatabaseReceiver::move_to(Lsn lsn) {
    if (lsn.value() <= position_.load()) {
        return;
    }
    position_.store(lsn.value());
    if (events_.on_position) {
        events_.on_position();
    }
}

// Only while something that was received waits to be applied: else nothing would ever make room.
void DatabaseReceiver::wait_for_room() {
    while (spool_.bytes() > spool_limit_bytes_ && spool_.begin().segment < synced_segment_.load()) {
        if (stop_.wait(room_pause)) {
            return;
        }
    }
}

void DatabaseReceiver::stop() {
    stop_.set();
}

storage::SpoolPosition DatabaseReceiver::sync(Lsn lsn) {
    FARSHORE_ASSERT(lsn.value() <= position_.load());
    const storage::SpoolPosition position = spool_.position_at(lsn);
    spool_.sync();
    synced_segment_.store(position.segment);
    return position;
}

}  // namespace farshore::secondary
