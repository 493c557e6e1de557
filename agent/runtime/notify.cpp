#include "agent/runtime/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "agent/runtime/log.hpp"

namespace farshore::runtime {

Notify::Notify() {
    if (const char* socket = std::getenv("NOTIFY_SOCKET")) {
        socket_ = socket;
    }
    if (const char* text = std::getenv("WATCHDOG_USEC")) {
        std::int64_t microseconds = 0;
        const char* end = text + std::strlen(text);
        if (std::from_chars(text, end, microseconds).ptr == end && microseconds > 0) {
            watchdog_ = Duration{microseconds * 1'000};
        }
    }
}

void Notify::status(std::string_view text) const {
    send("STATUS=" + log::visible(text));
}

void Notify::send(std::string_view message) const {
    sockaddr_un address{};
    if (socket_.empty() || socket_.size() >= sizeof address.sun_path) {
        return;
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_.front() == '@') {
        address.sun_path[0] = '\0';
    }
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return;
    }
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    ::sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address), length);
    ::close(descriptor);
}

}  // namespace farshore::runtime
