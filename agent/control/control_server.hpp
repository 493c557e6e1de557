#pragma once
// The control socket: listens, and gives each connection a thread.

#include <cstddef>
#include <mutex>
#include <set>
#include <string>

#include "agent/control/routes.hpp"
#include "agent/control/unix_stream.hpp"
#include "agent/runtime/sleeper.hpp"
#include "agent/runtime/task_group.hpp"

namespace farshore::control {

// Invariants: at most max_connections are served at once, later ones wait in the kernel's queue;
// the socket has mode 0660 from the moment that it exists; when the destructor returns no thread of
// it runs and the socket's name is gone.
class ControlServer {
  public:
    static constexpr std::size_t max_connections = 32;

    // Begins to listen. A socket that a dead agent left is replaced. Throws
    // Error(already_exists) when a live one answers there, Error(io) when it can't be made.
    ControlServer(const std::string& path, AgentApi& agent);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

  private:
    void accept_all(const runtime::StopToken& stop);
    void serve(int descriptor, const runtime::StopToken& stop);

    std::string path_;
    runtime::SystemSleeper sleeper_;
    Routes routes_;
    int listener_ = -1;
    int wake_ = -1;  // eventfd: readable when the acceptor shall look again
    std::mutex mutex_;
    std::set<const UnixStream*> open_;
    std::size_t serving_ = 0;
    runtime::TaskGroup tasks_;
};

}  // namespace farshore::control
