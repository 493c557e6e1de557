#pragma once
// Tells the service manager how the agent is doing (the sd_notify protocol, without libsystemd).

#include <optional>
#include <string>
#include <string_view>

#include "protocol/time.hpp"

namespace farshore::runtime {

// Invariants: without NOTIFY_SOCKET every call does nothing. No call fails or blocks: a service
// manager that does not listen is no reason to stop. Thread-safe.
class Notify {
  public:
    // From NOTIFY_SOCKET and WATCHDOG_USEC.
    Notify();
    explicit Notify(std::string socket) : socket_(std::move(socket)) {}

    void ready() const { send("READY=1"); }
    void stopping() const { send("STOPPING=1"); }
    void watchdog() const { send("WATCHDOG=1"); }
    // One line for `systemctl status`.
    void status(std::string_view text) const;
    // How often watchdog() is expected, if it is: call it at half of that.
    [[nodiscard]] std::optional<Duration> watchdog_interval() const { return watchdog_; }

  private:
    void send(std::string_view message) const;

    std::string socket_;  // "" : nobody listens; "@..." : an abstract name
    std::optional<Duration> watchdog_;
};

}  // namespace farshore::runtime
