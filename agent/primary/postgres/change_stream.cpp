#include "agent/primary/postgres/change_stream.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "protocol/limits.hpp"
#include "protocol/message_database.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::primary {

namespace {

constexpr auto longest_wait = Duration::from_ms(1000);
constexpr auto full_lane_wait = Duration::from_ms(5);
// Between asking the server how far it is and asking again.
constexpr auto first_pause = Duration::from_ms(10);
constexpr auto later_pause = Duration::from_ms(100);
// A server that shuts down waits for its walsenders, and they for us: what is left may still go.
constexpr auto farewell = Duration::from_ms(3000);

}  // namespace

ChangeStream::ChangeStream(StreamParts parts, Duration status_interval)
    : parts_(parts),
      status_interval_(status_interval),
      batch_([this](Frame frame) { send_frame(std::move(frame)); }) {}

void ChangeStream::run(Lsn from) {
    passed_ = from;
    announced_ = from;
    parts_.lane.send(to_frame(DatabasePosition{from}));
    become_whole();
    send_status(true);
    while (!parts_.state.stop.is_set()) {
        const bool is_drained = drain();
        tend();
        wait(is_drained, longest_wait);
    }
}

// Everything that the server has sent and the lane has room for; false when there may be more.
bool ChangeStream::drain() {
    bool is_drained = false;
    while (!is_drained && has_room()) {
        const ReplicationEvent event = parts_.replication.receive();
        if (event.kind == ReplicationEvent::Kind::none) {
            is_drained = true;
        } else {
            take(event);
        }
        if (is_drained || (!in_transaction_ && batch_.bytes() >= limits::payload_piece / 2)) {
            batch_.flush();
            announce();
        }
    }
    return is_drained;
}

void ChangeStream::take(const ReplicationEvent& event) {
    if (event.kind == ReplicationEvent::Kind::change) {
        take_change(event);
        return;
    }
    // Within a transaction it can only tell what is before that transaction's end.
    if (!in_transaction_) {
        passed_ = std::max(passed_, event.lsn);
    }
    if (event.wants_reply) {
        send_status(false);
    }
}

void ChangeStream::take_change(const ReplicationEvent& event) {
    const char tag = event.message.front();
    if (tag == pgoutput::begin_tag) {
        (void)transaction_.finish();
        in_transaction_ = true;
    }
    if (in_transaction_ && pgoutput::is_digested(event.message)) {
        transaction_.update(event.message);
    }
    if (event.missing_bytes > 0) {
        take_large(event);
        return;
    }
    batch_.add({event.lsn, event.message});
    if (tag == pgoutput::commit_tag) {
        const auto message = pgoutput::decode(event.message).take();
        finish_transaction(std::get<pgoutput::Commit>(message).end_lsn);
    }
}

// A row that no frame holds goes through as it comes, however large it is.
void ChangeStream::take_large(const ReplicationEvent& event) {
    std::size_t missing = event.missing_bytes;
    if (event.message.size() + missing > limits::database_record) {
        throw Error(ErrorCode::malformed, "the server sent a change of more than 1 GiB");
    }
    batch_.begin_large(event.lsn, event.message.size() + missing);
    batch_.add_to_large(event.message);
    while (missing > 0) {
        const std::string_view bytes = parts_.replication.more();
        if (bytes.empty()) {
            if (parts_.state.stop.is_set()) {
                throw Error(ErrorCode::cancelled, "the agent stops");
            }
            tend();
            wait(true, longest_wait);
            continue;
        }
        missing -= bytes.size();
        if (in_transaction_) {
            transaction_.update(bytes);
        }
        batch_.add_to_large(bytes);
    }
}

void ChangeStream::finish_transaction(Lsn commit_end) {
    in_transaction_ = false;
    passed_ = std::max(passed_, commit_end);
    if (parts_.events.on_transaction) {
        parts_.events.on_transaction({.system = parts_.system, .lsn = commit_end},
                                     transaction_.finish());
    }
}

// The batch is empty: all up to passed_ is on the lane.
void ChangeStream::announce() {
    if (passed_ == announced_) {
        return;
    }
    announced_ = passed_;
    send_frame(to_frame(DatabasePosition{passed_}));
    parts_.state.position.store(passed_.value());
    become_whole();
    if (is_whole_ && parts_.events.on_position) {
        parts_.events.on_position();
    }
}

// Before that some tables are further than others: no cut may hold such a position.
void ChangeStream::become_whole() {
    if (is_whole_ || passed_.value() < parts_.state.whole_from.load()) {
        return;
    }
    is_whole_ = true;
    parts_.state.streaming.store(true);
    if (parts_.events.on_position) {
        parts_.events.on_position();
    }
}

bool ChangeStream::has_room() const {
    return parts_.lane.unsent_bytes() + limits::frame_body <= limits::lane_window / 2;
}

void ChangeStream::send_frame(Frame frame) {
    tend();
    while (!has_room() && !parts_.lane.is_closed() && !parts_.state.stop.is_set()) {
        tend();
        wait(false, full_lane_wait);
    }
    parts_.lane.send(std::move(frame));
}

void ChangeStream::wait(bool for_server, Duration longest) {
    if (!for_server) {
        longest = std::min(longest, full_lane_wait);
    } else if (parts_.state.wanted.load() > passed_.value()) {
        longest = std::min(longest, first_pause);
    } else {
        longest = std::min(longest, status_interval_);
    }
    std::array<pollfd, 4> polls{
        pollfd{parts_.state.stop.descriptor(), POLLIN, 0},
        pollfd{parts_.state.wake.descriptor(), POLLIN, 0},
        pollfd{for_server ? parts_.replication.socket() : -1, POLLIN, 0},
        pollfd{leave_at_ ? -1 : PQsocket(parts_.ordinary.raw()), POLLIN, 0},
    };
    (void)poll(polls.data(), polls.size(), static_cast<int>(longest.nanoseconds / 1'000'000));
    if (polls[1].revents != 0) {
        parts_.state.wake.clear();
    }
    if (polls[3].revents != 0) {
        watch_ordinary();
    }
}

// Everything that is due by the clock or by a call from another thread.
void ChangeStream::tend() {
    if (parts_.lane.is_closed()) {
        throw Error(ErrorCode::connection_lost, "the database's lane is closed");
    }
    const BootTime now = parts_.clock.boot_now();
    if (leave_at_ && now > *leave_at_) {
        throw Error(ErrorCode::database_unavailable, "the database server is shutting down");
    }
    pursue_wanted();
    if (std::min(passed_, Lsn(parts_.state.confirmed.load())) > told_ ||
        now - last_status_ >= status_interval_) {
        send_status(false);
    }
}

void ChangeStream::send_status(bool wants_reply) {
    const Lsn confirmed = std::min(passed_, Lsn(parts_.state.confirmed.load()));
    last_status_ = parts_.clock.boot_now();
    parts_.replication.send({passed_, confirmed, parts_.clock.utc_now(), wants_reply});
    told_ = confirmed;
}

// Asks the server how far it is until that is far enough. It tells by a keepalive.
void ChangeStream::pursue_wanted() {
    const Lsn wanted(parts_.state.wanted.load());
    if (wanted <= passed_) {
        return;
    }
    const BootTime now = parts_.clock.boot_now();
    if (wanted > asked_for_) {
        asked_for_ = wanted;
        times_asked_ = 0;
    } else if (now - last_asked_ < (times_asked_ == 1 ? first_pause : later_pause)) {
        return;
    }
    if (times_asked_ == 1 && !leave_at_) {
        force_flush(wanted);
    }
    ++times_asked_;
    last_asked_ = now;
    send_status(true);
}

// The decoder reads what is flushed. On a server where nothing more is committed that may stay
// behind the end of the log for ever: then one small commit of our own flushes it.
void ChangeStream::force_flush(Lsn wanted) {
    (void)parts_.ordinary.execute(
        "SELECT CASE WHEN pg_current_wal_flush_lsn() < $1::pg_lsn THEN"
        " pg_logical_emit_message(true, 'farshore', '') END",
        {to_string(wanted)});
}

// The ordinary connection is idle: when the server says something on it, that is its end.
void ChangeStream::watch_ordinary() {
    if (PQconsumeInput(parts_.ordinary.raw()) == 0 ||
        PQstatus(parts_.ordinary.raw()) != CONNECTION_OK) {
        leave_at_ = parts_.clock.boot_now() + farewell;
    }
}

}  // namespace farshore::primary
