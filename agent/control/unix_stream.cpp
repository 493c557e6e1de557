#include "agent/control/unix_stream.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "protocol/error.hpp"

namespace farshore::control {

namespace {

boost::system::error_code system_error(int number) {
    return {number, boost::system::system_category()};
}

}  // namespace

UnixStream::~UnixStream() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

UnixStream::UnixStream(UnixStream&& other) noexcept
    : descriptor_(other.descriptor_), timeout_(other.timeout_) {
    other.descriptor_ = -1;
}

UnixStream UnixStream::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        throw Error(ErrorCode::usage, fmt::format("socket path {} is longer than {} bytes", path,
                                                  sizeof address.sun_path - 1));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        throw Error(ErrorCode::io, fmt::format("cannot make a socket: {}", std::strerror(errno)));
    }
    UnixStream stream(descriptor);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const bool denied = errno == EACCES || errno == EPERM;
        throw Error(denied ? ErrorCode::forbidden : ErrorCode::no_agent,
                    fmt::format("no agent answers at {}: {}", path, std::strerror(errno)));
    }
    return stream;
}

void UnixStream::shut_down() const {
    ::shutdown(descriptor_, SHUT_RDWR);
}

std::uint32_t UnixStream::peer_uid() const {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(descriptor_, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        throw Error(ErrorCode::io, fmt::format("cannot tell who is calling at the socket: {}",
                                               std::strerror(errno)));
    }
    return credentials.uid;
}

void UnixStream::throw_if(const boost::system::error_code& error) {
    if (error) {
        throw boost::system::system_error(error);
    }
}

bool UnixStream::wait_for(short events, boost::system::error_code& error) const {
    pollfd watched{descriptor_, events, 0};
    timespec limit{};
    if (timeout_) {
        limit.tv_sec = timeout_->nanoseconds / 1'000'000'000;
        limit.tv_nsec = timeout_->nanoseconds % 1'000'000'000;
    }
    int ready = 0;
    do {
        ready = ::ppoll(&watched, 1, timeout_ ? &limit : nullptr, nullptr);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0) {
        return true;
    }
    error = ready == 0 ? make_error_code(boost::asio::error::timed_out) : system_error(errno);
    return false;
}

std::size_t UnixStream::read_bytes(void* into, std::size_t size, boost::system::error_code& error) {
    error = {};
    if (size == 0) {
        return 0;
    }
    for (;;) {
        if (!wait_for(POLLIN, error)) {
            return 0;
        }
        const ssize_t got = ::recv(descriptor_, into, size, MSG_DONTWAIT);
        if (got > 0) {
            return static_cast<std::size_t>(got);
        }
        if (got == 0) {
            error = boost::asio::error::eof;
            return 0;
        }
        if (errno != EAGAIN && errno != EINTR) {
            error = system_error(errno);
            return 0;
        }
    }
}

std::size_t UnixStream::write_bytes(const void* from, std::size_t size,
                                    boost::system::error_code& error) {
    error = {};
    if (size == 0) {
        return 0;
    }
    for (;;) {
        if (!wait_for(POLLOUT, error)) {
            return 0;
        }
        const ssize_t sent = ::send(descriptor_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) {
            return static_cast<std::size_t>(sent);
        }
        if (errno != EAGAIN && errno != EINTR) {
            error = system_error(errno);
            return 0;
        }
    }
}

}  // namespace farshore::control
