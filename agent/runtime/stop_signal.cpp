#include "agent/runtime/stop_signal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>

#include "protocol/assert.hpp"
#include "protocol/error.hpp"

namespace farshore::runtime {

StopSignal::StopSignal() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    ::sigaddset(&set, SIGHUP);
    FARSHORE_ASSERT(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (signals_ < 0 || event_ < 0) {
        throw Error(ErrorCode::io, "cannot make a signal descriptor: too many open files");
    }
}

StopSignal::~StopSignal() {
    ::close(signals_);
    ::close(event_);
}

void StopSignal::request() {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then it is readable already.
    [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
}

StopSignal::Woken StopSignal::wait(std::optional<Duration> timeout) {
    std::array<pollfd, 2> watched{{{signals_, POLLIN, 0}, {event_, POLLIN, 0}}};
    timespec limit{};
    if (timeout && timeout->nanoseconds > 0) {
        limit.tv_sec = timeout->nanoseconds / 1'000'000'000;
        limit.tv_nsec = timeout->nanoseconds % 1'000'000'000;
    }
    int ready = 0;
    do {
        ready = ::ppoll(watched.data(), watched.size(), timeout ? &limit : nullptr, nullptr);
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) {
        return Woken::timeout;
    }
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) > 0) {
        if (info.ssi_signo == SIGHUP && watched[1].revents == 0) {
            return Woken::reload;
        }
        request();
    }
    return Woken::stop;
}

}  // namespace farshore::runtime
