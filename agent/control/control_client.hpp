#pragma once
// What the commands speak to the agent with: blocking calls over its socket.

#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "protocol/time.hpp"

namespace farshore::control {

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Call {
    std::string method = "GET";
    std::string path = {};  // "/v1/lag"
    Parameters parameters = {};
    // How long the agent may be silent.
    Duration timeout = Duration::from_ms(30'000);
};

// A body that is sent as it is read: bytes put into the span, 0 at the end.
struct Upload {
    std::uint64_t size = 0;
    std::function<std::size_t(std::span<std::byte>)> read;
};

// Each call makes a connection of its own. All throw the Error that the agent answered with,
// Error(no_agent) when nothing answers, Error(timeout) when the agent is silent for too long.
class ControlClient {
  public:
    explicit ControlClient(std::string socket) : socket_(std::move(socket)) {}

    [[nodiscard]] boost::json::value call(const Call& call) const;
    [[nodiscard]] boost::json::value upload(const Call& call, const Upload& upload) const;
    // Hands on each JSON line as it comes, until the agent ends the reply or `each` returns false.
    void stream(const Call& call, const std::function<bool(const boost::json::value&)>& each) const;

  private:
    std::string socket_;
};

}  // namespace farshore::control
