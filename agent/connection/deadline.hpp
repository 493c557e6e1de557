#pragma once
// Waiting on the network thread: an end to what takes too long, and a bell that others ring.

#include <chrono>
#include <functional>
#include <memory>

#include "agent/connection/asio.hpp"
#include "protocol/time.hpp"

namespace farshore::connection {

[[nodiscard]] inline std::chrono::nanoseconds to_chrono(Duration duration) {
    return std::chrono::nanoseconds(duration.nanoseconds);
}

// Calls `on_expiry` on the network thread unless it is destroyed before. For the network thread.
class Deadline {
  public:
    Deadline(asio::io_context& context, Duration after, std::function<void()> on_expiry)
        : timer_(context), expired_(std::make_shared<bool>(false)) {
        timer_.expires_after(to_chrono(after));
        timer_.async_wait(
            [expired = expired_, deed = std::move(on_expiry),
             alive = std::weak_ptr<void>(alive_)](const boost::system::error_code& error) {
                if (!error && !alive.expired()) {
                    *expired = true;
                    deed();
                }
            });
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    [[nodiscard]] bool expired() const { return *expired_; }

  private:
    asio::steady_timer timer_;
    std::shared_ptr<bool> expired_;
    // A timer that has fired can no longer be cancelled: its call finds this gone.
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// One coroutine waits, anybody on the network thread rings. A ring that nobody waits for is lost:
// the waiting one looks at its condition before and after.
class Bell {
  public:
    explicit Bell(asio::io_context& context) : timer_(context) {}

    asio::awaitable<void> wait() {
        timer_.expires_at(asio::steady_timer::time_point::max());
        boost::system::error_code rung;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, rung));
    }
    void ring() { timer_.cancel(); }

  private:
    asio::steady_timer timer_;
};

// A pause that ring() ends early.
class Pause {
  public:
    explicit Pause(asio::io_context& context) : timer_(context) {}

    // False when it was ended early.
    asio::awaitable<bool> wait(Duration duration) {
        timer_.expires_after(to_chrono(duration));
        boost::system::error_code ended;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        co_return !ended;
    }
    void end() { timer_.cancel(); }

  private:
    asio::steady_timer timer_;
};

}  // namespace farshore::connection
