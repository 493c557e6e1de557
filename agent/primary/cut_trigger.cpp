#include "agent/primary/cut_trigger.hpp"

#include <chrono>

namespace farshore::primary {

void CutTrigger::notify() {
    const std::lock_guard lock(mutex_);
    pending_.changed = true;
    wake_.notify_all();
}

void CutTrigger::demand_mark() {
    const std::lock_guard lock(mutex_);
    pending_.mark_demanded = true;
    wake_.notify_all();
}

void CutTrigger::look_again() {
    const std::lock_guard lock(mutex_);
    pending_.look_again = true;
    wake_.notify_all();
}

void CutTrigger::stop() {
    const std::lock_guard lock(mutex_);
    pending_.stopped = true;
    wake_.notify_all();
}

CutTrigger::Woken CutTrigger::wait(Duration timeout) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::nanoseconds(timeout.nanoseconds), [this] {
        return pending_.changed || pending_.mark_demanded || pending_.stopped ||
               pending_.look_again;
    });
    const Woken woken = pending_;
    // A stop stays: whoever asks again is told again.
    pending_ = {};
    pending_.stopped = woken.stopped;
    return woken;
}

}  // namespace farshore::primary
