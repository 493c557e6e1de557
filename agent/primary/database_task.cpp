#include "agent/primary/database_task.hpp"

#include "agent/runtime/backoff.hpp"
#include "agent/runtime/sleeper.hpp"

namespace farshore::primary {

namespace {

constexpr Duration first_delay = Duration::from_ms(500);
constexpr Duration longest_delay = Duration::from_ms(15'000);

}  // namespace

DatabaseTask::DatabaseTask(StreamName stream, AgentName peer, config::Database database,
                           Clock& clock, std::shared_ptr<connection::Lane> lane,
                           DatabaseStanding standing, Events events)
    : stream_(std::move(stream)),
      peer_(std::move(peer)),
      database_(std::move(database)),
      clock_(clock),
      lane_(std::move(lane)),
      standing_(std::move(standing)),
      events_(std::move(events)) {}

std::shared_ptr<DatabaseSource> DatabaseTask::begin_attempt() {
    DatabaseSourceEvents events;
    events.on_transaction = events_.on_transaction;
    events.on_copy = [this](const CopyProgress& progress) {
        {
            const std::lock_guard lock(mutex_);
            begun_ = true;
        }
        events_.on_copy(progress);
    };
    events.on_position = [this] {
        bool first = false;
        {
            const std::lock_guard lock(mutex_);
            first = !flowing_;
            flowing_ = true;
            begun_ = true;
        }
        if (first) {
            events_.on_fault(std::nullopt);
        }
        events_.on_position();
    };
    const std::lock_guard lock(mutex_);
    if (stopped_) {
        return nullptr;
    }
    begun_ = false;
    flowing_ = false;
    source_ =
        std::make_shared<DatabaseSource>(stream_, peer_, database_, clock_, std::move(events));
    return source_;
}

void DatabaseTask::run(const runtime::StopToken& stop) {
    runtime::Backoff backoff(first_delay, longest_delay, 1);
    runtime::SystemSleeper sleeper;
    while (!stop.stop_requested() && !lane_->is_closed()) {
        const std::shared_ptr<DatabaseSource> attempt = begin_attempt();
        if (!attempt) {
            return;
        }
        try {
            attempt->run(*lane_, standing_);
            return;
        } catch (const Error& error) {
            if (stop.stop_requested() || lane_->is_closed()) {
                return;
            }
            events_.on_fault(error);
            const std::lock_guard lock(mutex_);
            if (begun_) {
                throw;  // what is on the lane has no end: only a new session mends that
            }
        }
        if (!sleeper.sleep(backoff.next(), stop)) {
            return;
        }
    }
}

std::shared_ptr<DatabaseSource> DatabaseTask::source() const {
    const std::lock_guard lock(mutex_);
    return source_;
}

void DatabaseTask::stop() {
    std::shared_ptr<DatabaseSource> running;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        running = source_;
    }
    if (running) {
        running->stop();
    }
}

bool DatabaseTask::is_streaming() const {
    const auto running = source();
    return running && running->is_streaming();
}

StreamPosition DatabaseTask::position() const {
    const auto running = source();
    if (!running || !running->is_streaming()) {
        return {};
    }
    return {.system = running->system(), .lsn = running->position()};
}

void DatabaseTask::want_position(Lsn lsn) {
    if (const auto running = source()) {
        running->want_position(lsn);
    }
}

void DatabaseTask::confirm(Lsn lsn) {
    if (const auto running = source()) {
        running->confirm(lsn);
    }
}

}  // namespace farshore::primary
