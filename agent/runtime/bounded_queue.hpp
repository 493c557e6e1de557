#pragma once
// A blocking queue between threads; its capacity is mandatory, so memory has a ceiling.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "agent/runtime/stop_token.hpp"
#include "protocol/assert.hpp"
#include "protocol/time.hpp"

namespace farshore::runtime {

// Invariants: never more than `capacity` items; items leave in the order in which they came; after
// close() nothing comes in, and what is inside still goes out. Every call is thread-safe.
template <typename T>
class BoundedQueue {
  public:
    explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {
        FARSHORE_ASSERT(capacity > 0);
    }

    // Waits for room. False when the queue was closed or stop requested: the item was not taken.
    bool push(T item, const StopToken& stop = {}) {
        std::unique_lock lock(mutex_);
        const bool room =
            changed_.wait(lock, stop, [this] { return closed_ || items_.size() < capacity_; });
        if (!room || closed_) {
            return false;
        }
        items_.push_back(std::move(item));
        changed_.notify_all();
        return true;
    }

    // False, without waiting, when there is no room or the queue was closed.
    bool try_push(T item) {
        const std::lock_guard lock(mutex_);
        if (closed_ || items_.size() >= capacity_) {
            return false;
        }
        items_.push_back(std::move(item));
        changed_.notify_all();
        return true;
    }

    // Waits for an item. Null when the queue is closed and empty, or stop was requested.
    std::optional<T> pop(const StopToken& stop = {}) {
        std::unique_lock lock(mutex_);
        const bool ready = changed_.wait(lock, stop, [this] { return closed_ || !items_.empty(); });
        return ready ? take() : std::nullopt;
    }

    // As pop, but null after `timeout` too.
    std::optional<T> pop_for(Duration timeout, const StopToken& stop = {}) {
        std::unique_lock lock(mutex_);
        const bool ready =
            changed_.wait_for(lock, stop, std::chrono::nanoseconds(timeout.nanoseconds),
                              [this] { return closed_ || !items_.empty(); });
        return ready ? take() : std::nullopt;
    }

    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

    [[nodiscard]] bool is_closed() const {
        const std::lock_guard lock(mutex_);
        return closed_;
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return items_.size();
    }

  private:
    // Expects the lock.
    std::optional<T> take() {
        if (items_.empty()) {
            return std::nullopt;
        }
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        changed_.notify_all();
        return item;
    }

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<T> items_;
    bool closed_ = false;
};

}  // namespace farshore::runtime
