#include "agent/primary/cut_trigger.hpp"

#include <chrono>
#include <utility>

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
    stopped_ = true;
    wake_.notify_all();
}

bool CutTrigger::is_stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
}

CutTrigger::Woken CutTrigger::wait(Duration timeout) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::nanoseconds(timeout.nanoseconds), [this] {
        return stopped_ || pending_.changed || pending_.mark_demanded || pending_.look_again;
    });
    return std::exchange(pending_, {});
}

}  // namespace farshore::primary
