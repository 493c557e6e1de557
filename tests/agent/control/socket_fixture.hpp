#pragma once
// A real control server on a real socket in a folder of its own.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "agent/control/control_client.hpp"
#include "agent/control/control_server.hpp"
#include "tests/agent/control/fake_agent.hpp"

namespace farshore::control {

class SocketTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "farshore-socket-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        std::filesystem::permissions(folder_, std::filesystem::perms::all);
        socket_ = folder_ + "/agent.sock";
        agent_.lag_.stream = "shop";
        agent_.lag_.agent = "app-east";
        start();
    }
    void TearDown() override {
        server_.reset();
        std::filesystem::remove_all(folder_);
    }
    void start() { server_ = std::make_unique<ControlServer>(socket_, agent_); }

    // What the agent refused with.
    Error refused(const Call& call) {
        try {
            static_cast<void>(ControlClient(socket_).call(call));
        } catch (const Error& error) {
            return error;
        }
        return {ErrorCode::internal, "answered"};
    }
    // The raw answer to raw bytes; the socket is closed for writing after them.
    std::string exchange(const std::string& request);

    FakeAgent agent_;
    std::string folder_, socket_;
    std::unique_ptr<ControlServer> server_;
};

inline std::string SocketTest::exchange(const std::string& request) {
    UnixStream stream = UnixStream::connect(socket_);
    stream.set_timeout(Duration::from_ms(20'000));
    boost::system::error_code error;
    std::size_t sent = 0;
    while (sent < request.size() && !error) {
        sent += stream.write_some(boost::asio::buffer(request.data() + sent, request.size() - sent),
                                  error);
    }
    std::string answer;
    char piece[4096];
    while (!error) {
        answer.append(piece, stream.read_some(boost::asio::buffer(piece), error));
    }
    return answer;
}

}  // namespace farshore::control
