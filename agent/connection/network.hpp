#pragma once
// The one thread on which everything of the network happens.

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/connection/asio.hpp"
#include "protocol/error.hpp"

namespace farshore::connection {

// Something that waits on the network and can be told to stop waiting.
class Abortable {
  public:
    virtual ~Abortable() = default;
    // On the network thread. Everything that is waited for ends soon.
    virtual void abort() = 0;
};

// Invariants: every coroutine has ended when the destructor returns: what was registered is
// aborted, and the thread runs until nothing is left to wait for. Lanes and listeners may outlive
// it; they are closed then.
class Network {
  public:
    Network();
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    // Sockets and timers hold on to it.
    [[nodiscard]] const std::shared_ptr<asio::io_context>& context() const { return context_; }
    // For what may block for a moment; one at a time.
    [[nodiscard]] asio::thread_pool& worker() { return worker_; }
    // Aborts it when the network ends.
    void add(const std::weak_ptr<Abortable>& abortable);
    // Runs a coroutine that lets no exception out.
    void launch(asio::awaitable<void> coroutine);
    // Runs a coroutine; its value or exception comes out of the future.
    template <typename T>
    [[nodiscard]] std::future<T> start(asio::awaitable<T> coroutine) {
        return asio::co_spawn(*context_, std::move(coroutine), asio::use_future);
    }

  private:
    using WorkGuard = asio::executor_work_guard<asio::io_context::executor_type>;

    void abort_all();

    std::shared_ptr<asio::io_context> context_;
    WorkGuard work_;
    asio::thread_pool worker_{1};
    std::mutex mutex_;
    std::vector<std::weak_ptr<Abortable>> abortables_;
    bool stopped_ = false;
    std::thread thread_;
};

}  // namespace farshore::connection
