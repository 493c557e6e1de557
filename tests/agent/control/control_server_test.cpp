#include "agent/control/control_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <cstring>
#include <thread>

#include "tests/agent/control/socket_fixture.hpp"

namespace farshore::control {
namespace {

TEST_F(SocketTest, TheSocketHasMode0660AndGoesWithTheServer) {
    struct stat status {};
    ASSERT_EQ(::stat(socket_.c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777U, 0660U);
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(SocketTest, ASocketThatADeadAgentLeftIsReplaced) {
    server_.reset();
    {
        const int old = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(old, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ::close(old);
    }
    start();
    EXPECT_EQ(ControlClient(socket_).call({.path = "/v1/lag"}).at("stream"), "shop");
}

TEST_F(SocketTest, ALiveAgentsSocketIsNotTaken) {
    try {
        const ControlServer second(socket_, agent_);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::already_exists);
    }
    EXPECT_EQ(ControlClient(socket_).call({.path = "/v1/lag"}).at("stream"), "shop");
}

TEST_F(SocketTest, AFileInThePlaceOfTheSocketIsNotRemoved) {
    const std::string path = folder_ + "/precious";
    std::filesystem::create_directory(path);
    EXPECT_THROW(ControlServer(path, agent_), Error);
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(SocketTest, ManyCallersAtOnce) {
    std::vector<std::thread> callers;
    std::atomic<int> answered{0};
    for (int i = 0; i < 50; ++i) {  // more than are served at once
        callers.emplace_back([&] {
            static_cast<void>(ControlClient(socket_).call({.path = "/v1/status"}));
            ++answered;
        });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    EXPECT_EQ(answered, 50);
}

TEST_F(SocketTest, StoppingEndsACallThatWaits) {
    agent_.flush_waits_ = true;
    std::thread caller([&] {
        const Error error =
            refused({.method = "POST", .path = "/v1/flush", .parameters = {{"timeout", "1h"}}});
        EXPECT_TRUE(error.code() == ErrorCode::cancelled ||
                    error.code() == ErrorCode::connection_lost)
            << error.message();
    });
    while (!agent_.flush_began_) {
        std::this_thread::yield();
    }
    server_.reset();
    caller.join();
}

TEST_F(SocketTest, StoppingEndsAWatchAndASilentCaller) {
    const UnixStream silent = UnixStream::connect(socket_);
    std::atomic<int> lines{0};
    std::thread watcher([&] {
        try {
            ControlClient(socket_).stream({.path = "/v1/lag", .parameters = {{"watch", "1"}}},
                                          [&](const boost::json::value&) {
                                              ++lines;
                                              return true;
                                          });
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::connection_lost);
        }
    });
    while (lines == 0) {
        std::this_thread::yield();
    }
    server_.reset();
    watcher.join();
}

// The status of a child that has taken on `uid` and called.
int call_as(uid_t uid, const std::string& socket, const Call& call) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setgid(uid) != 0 || ::setuid(uid) != 0) {
            ::_exit(100);
        }
        try {
            static_cast<void>(ControlClient(socket).call(call));
        } catch (const Error& error) {
            ::_exit(static_cast<int>(error.code()));
        } catch (...) {
            ::_exit(101);
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

TEST_F(SocketTest, OthersMayReadIfTheyCanConnectButNotChange) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    constexpr uid_t nobody = 65'534;
    const Call flush{.method = "POST", .path = "/v1/flush"};
    // Mode 0660: who is not in the group cannot even connect.
    EXPECT_EQ(call_as(nobody, socket_, {.path = "/v1/lag"}),
              static_cast<int>(ErrorCode::forbidden));
    ASSERT_EQ(::chown(socket_.c_str(), 0, nobody), 0);
    EXPECT_EQ(call_as(nobody, socket_, {.path = "/v1/lag"}), 0);
    EXPECT_EQ(call_as(nobody, socket_, flush), static_cast<int>(ErrorCode::forbidden));
    EXPECT_EQ(call_as(0, socket_, flush), 0);
}

}  // namespace
}  // namespace farshore::control
