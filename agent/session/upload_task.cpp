#include "agent/session/upload_task.hpp"

#include <algorithm>
#include <chrono>

#include "agent/runtime/log.hpp"

namespace farshore::session {

namespace {

constexpr Duration idle_look = Duration::from_ms(5'000);
constexpr Duration first_delay = Duration::from_ms(500);
constexpr Duration longest_delay = Duration::from_ms(30'000);

}  // namespace

UploadTask::UploadTask(std::string state_file, std::vector<storage::ObjectStore*> stores,
                       Clock& clock, std::function<void(const storage::OutboxItem&)> on_uploaded)
    : state_file_(std::move(state_file)),
      stores_(std::move(stores)),
      clock_(clock),
      on_uploaded_(std::move(on_uploaded)) {}

void UploadTask::run(const runtime::StopToken& stop) {
    storage::Database database(state_file_);
    storage::Outbox outbox(database);
    // A store that takes an object and says nothing would hold up the agent's end.
    const std::stop_callback interrupts(stop, [this] {
        for (storage::ObjectStore* store : stores_) {
            store->interrupt();
        }
    });
    Duration delay = first_delay;
    while (!stop.stop_requested()) {
        if (step(outbox, delay)) {
            continue;
        }
        std::unique_lock lock(mutex_);
        const Duration wait = figures_.error ? delay : idle_look;
        changed_.wait_for(lock, stop, std::chrono::nanoseconds(wait.nanoseconds),
                          [this] { return woken_ && !figures_.error; });
        woken_ = false;
    }
}

bool UploadTask::step(storage::Outbox& outbox, Duration& delay) {
    try {
        look(outbox);
        const storage::UploadReport report = storage::upload_next(outbox, stores_);
        note(outbox, std::nullopt, report.uploaded.has_value());
        delay = first_delay;
        if (report.uploaded) {
            on_uploaded_(*report.uploaded);
        }
        return report.uploaded.has_value();
    } catch (const Error& error) {
        if (error.code() == ErrorCode::sync_failed) {
            throw;
        }
        if (error.code() == ErrorCode::cancelled) {
            return false;  // the end: it stays queued
        }
        delay = std::min(Duration{delay.nanoseconds * 2}, longest_delay);
        note(outbox, error, false);
        return false;
    }
}

// What is queued is told before an upload that may take its time.
void UploadTask::look(storage::Outbox& outbox) {
    const storage::OutboxFigures queue = outbox.figures();
    const std::lock_guard lock(mutex_);
    count(queue);
}

void UploadTask::count(const storage::OutboxFigures& queue) {
    figures_.queued = queue.queued;
    figures_.queued_bytes = queue.bytes;
    figures_.oldest_queued = queue.oldest;
    figures_.attested = queue.attested;
}

void UploadTask::note(storage::Outbox& outbox, const std::optional<Error>& error, bool uploaded) {
    const storage::OutboxFigures queue = outbox.figures();
    const std::lock_guard lock(mutex_);
    if (error && !figures_.error) {
        log::warning("the store does not take evidence: {} {}", error->name(), error->message());
    } else if (!error && figures_.error) {
        log::info("the store takes evidence again");
    }
    count(queue);
    figures_.error = error;
    if (uploaded) {
        figures_.last_upload = clock_.utc_now();
    } else if (!error) {
        ++passes_;
    }
    changed_.notify_all();
}

void UploadTask::wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
}

bool UploadTask::wait_empty(Duration timeout) {
    std::unique_lock lock(mutex_);
    // Two passes: one that is under way may have looked before the last object was queued.
    const std::uint64_t wanted = passes_ + 2;
    const BootTime until = clock_.boot_now() + timeout;
    while (passes_ < wanted) {
        const Duration left = until - clock_.boot_now();
        if (left.nanoseconds <= 0) {
            return false;
        }
        woken_ = true;
        changed_.notify_all();
        changed_.wait_for(
            lock, std::chrono::nanoseconds(std::min(left.nanoseconds, std::int64_t{50'000'000})));
    }
    return true;
}

UploadFigures UploadTask::figures() const {
    const std::lock_guard lock(mutex_);
    return figures_;
}

}  // namespace farshore::session
