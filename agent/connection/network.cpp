#include "agent/connection/network.hpp"

#include <pthread.h>

#include <exception>

#include "protocol/assert.hpp"

namespace farshore::connection {

Network::Network()
    : context_(std::make_shared<asio::io_context>(1)),
      work_(asio::make_work_guard(*context_)),
      thread_([this] {
          ::pthread_setname_np(::pthread_self(), "network");
          context_->run();
      }) {}

Network::~Network() {
    asio::post(*context_, [this] { abort_all(); });
    work_.reset();
    thread_.join();
    worker_.join();
}

void Network::abort_all() {
    std::vector<std::weak_ptr<Abortable>> abortables;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        abortables.swap(abortables_);
    }
    for (const auto& weak : abortables) {
        if (const auto abortable = weak.lock()) {
            abortable->abort();
        }
    }
}

void Network::add(const std::weak_ptr<Abortable>& abortable) {
    bool stopped = false;
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(abortables_, [](const auto& weak) { return weak.expired(); });
        abortables_.push_back(abortable);
        stopped = stopped_;
    }
    if (stopped) {
        asio::post(*context_, [this] { abort_all(); });
    }
}

void Network::launch(asio::awaitable<void> coroutine) {
    asio::co_spawn(*context_, std::move(coroutine),
                   [](const std::exception_ptr& escaped) { FARSHORE_ASSERT(escaped == nullptr); });
}

}  // namespace farshore::connection
