#include "agent/primary/cut_history.hpp"

#include <chrono>

#include "protocol/assert.hpp"

namespace farshore::primary {

void CutHistory::publish(std::shared_ptr<const CutRecord> record) {
    const std::lock_guard lock(mutex_);
    FARSHORE_ASSERT(!newest_ || newest_->cut < record->cut);
    newest_ = std::move(record);
    published_.notify_all();
}

std::shared_ptr<const CutRecord> CutHistory::newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
}

std::shared_ptr<const CutRecord> CutHistory::wait_above(CutNumber cut, Duration timeout,
                                                        const runtime::StopToken& stop) const {
    std::unique_lock lock(mutex_);
    const bool there =
        published_.wait_for(lock, stop, std::chrono::nanoseconds(timeout.nanoseconds),
                            [&] { return newest_ && newest_->cut > cut; });
    return there ? newest_ : nullptr;
}

}  // namespace farshore::primary
