#include "agent/primary/cut_history.hpp"

#include <algorithm>
#include <chrono>

#include "protocol/assert.hpp"

namespace farshore::primary {

void CutHistory::publish(std::shared_ptr<const CutRecord> record) {
    const std::lock_guard lock(mutex_);
    FARSHORE_ASSERT(records_.empty() || records_.back()->cut < record->cut);
    records_.push_back(std::move(record));
    if (records_.size() > kept) {
        records_.pop_front();
    }
    published_.notify_all();
}

std::shared_ptr<const CutRecord> CutHistory::newest() const {
    const std::lock_guard lock(mutex_);
    return records_.empty() ? nullptr : records_.back();
}

std::shared_ptr<const CutRecord> CutHistory::wait_above(CutNumber cut, Duration timeout,
                                                        const runtime::StopToken& stop) const {
    std::unique_lock lock(mutex_);
    const bool there =
        published_.wait_for(lock, stop, std::chrono::nanoseconds(timeout.nanoseconds),
                            [&] { return !records_.empty() && records_.back()->cut > cut; });
    return there ? records_.back() : nullptr;
}

std::shared_ptr<const CutRecord> CutHistory::wait_record(CutNumber cut, Duration timeout) const {
    std::unique_lock lock(mutex_);
    const bool there =
        published_.wait_for(lock, std::chrono::nanoseconds(timeout.nanoseconds),
                            [&] { return !records_.empty() && records_.back()->cut >= cut; });
    if (!there) {
        return nullptr;
    }
    const auto found = std::find_if(records_.begin(), records_.end(),
                                    [cut](const auto& record) { return record->cut == cut; });
    return found == records_.end() ? nullptr : *found;
}

}  // namespace farshore::primary
