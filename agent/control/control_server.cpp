#include "agent/control/control_server.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "agent/control/http_connection.hpp"
#include "agent/runtime/log.hpp"
#include "protocol/error.hpp"

namespace farshore::control {

namespace {

constexpr mode_t socket_mode = 0660;

Error socket_error(const std::string& path, std::string_view deed) {
    return {ErrorCode::io,
            fmt::format("cannot {} the socket {}: {}", deed, path, std::strerror(errno))};
}

bool somebody_answers(const sockaddr_un& address) {
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool answered =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    return answered;
}

int listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    FARSHORE_ASSERT(path.size() < sizeof address.sun_path);  // the config refuses it
    std::memcpy(address.sun_path, path.data(), path.size());
    if (somebody_answers(address)) {
        throw Error(ErrorCode::already_exists,
                    fmt::format("another agent answers at the socket {}", path));
    }
    struct stat old {};
    if (::lstat(path.c_str(), &old) == 0 && !S_ISSOCK(old.st_mode)) {
        throw Error(ErrorCode::already_exists,
                    fmt::format("cannot make the socket {}: something else is there", path));
    }
    ::unlink(path.c_str());
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    // The mode of the unbound socket is what bind() gives the name, less the umask: at no moment is
    // it open to others.
    if (listener < 0 || ::fchmod(listener, socket_mode) != 0 ||
        ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path.c_str(), socket_mode) != 0 || ::listen(listener, 64) != 0) {
        const Error error = socket_error(path, "make");
        ::close(listener);
        throw error;
    }
    return listener;
}

}  // namespace

ControlServer::ControlServer(const std::string& path, AgentApi& agent)
    : path_(path), routes_(agent, sleeper_, ::geteuid()), listener_(listen_at(path)) {
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    FARSHORE_ASSERT(wake_ >= 0);
    tasks_.start("control", [this](const runtime::StopToken& stop) { accept_all(stop); });
}

ControlServer::~ControlServer() {
    tasks_.request_stop();
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
    {
        const std::lock_guard lock(mutex_);
        for (const UnixStream* stream : open_) {
            stream->shut_down();
        }
    }
    tasks_.join();
    ::close(listener_);
    ::close(wake_);
    ::unlink(path_.c_str());
}

void ControlServer::accept_all(const runtime::StopToken& stop) {
    while (!stop.stop_requested()) {
        bool full = false;
        {
            const std::lock_guard lock(mutex_);
            full = serving_ >= max_connections;
        }
        std::array<pollfd, 2> watched{{{wake_, POLLIN, 0}, {full ? -1 : listener_, POLLIN, 0}}};
        if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
            throw socket_error(path_, "wait at");
        }
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t got = ::read(wake_, &count, sizeof count);
        if ((watched[1].revents & POLLIN) == 0) {
            continue;
        }
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (descriptor < 0) {
            continue;  // the caller has gone again, or there are no descriptors left for now
        }
        {
            const std::lock_guard lock(mutex_);
            ++serving_;
        }
        const bool started = tasks_.start(
            "control-call",
            [this, descriptor](const runtime::StopToken& until) { serve(descriptor, until); });
        if (!started) {
            ::close(descriptor);
        }
    }
}

void ControlServer::serve(int descriptor, const runtime::StopToken& stop) {
    UnixStream stream(descriptor);
    {
        const std::lock_guard lock(mutex_);
        open_.insert(&stream);
    }
    if (!stop.stop_requested()) {
        serve_connection(stream, routes_, stop);
    }
    const std::lock_guard lock(mutex_);
    open_.erase(&stream);
    --serving_;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

}  // namespace farshore::control
