#include "agent/runtime/notify.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace farshore::runtime {
namespace {

// A service manager's end, under an abstract name: leaves nothing on disk.
class Manager {
  public:
    Manager() : name_("@farshore-notify-test-" + std::to_string(::getpid())) {
        descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name_.data(), name_.size());
        address.sun_path[0] = '\0';
        EXPECT_EQ(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address),
                         static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size())),
                  0);
    }
    ~Manager() { ::close(descriptor_); }

    std::string receive() const {
        std::array<char, 256> buffer{};
        const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(got)};
    }
    const std::string& name() const { return name_; }

  private:
    std::string name_;
    int descriptor_;
};

TEST(Notify, TellsTheManager) {
    const Manager manager;
    const Notify notify(manager.name());
    notify.ready();
    EXPECT_EQ(manager.receive(), "READY=1");
    notify.status("streaming\nREADY=0");
    EXPECT_EQ(manager.receive(), "STATUS=streaming\\x0aREADY=0");
    notify.watchdog();
    EXPECT_EQ(manager.receive(), "WATCHDOG=1");
    notify.stopping();
    EXPECT_EQ(manager.receive(), "STOPPING=1");
}

TEST(Notify, WithoutAManagerNothingHappens) {
    Notify("").ready();
    Notify("/nowhere/at/all").ready();
}

TEST(Notify, ReadsTheWatchdogFromTheEnvironment) {
    ::setenv("WATCHDOG_USEC", "2000000", 1);
    EXPECT_EQ(Notify().watchdog_interval(), Duration::from_ms(2'000));
    ::setenv("WATCHDOG_USEC", "soon", 1);
    EXPECT_FALSE(Notify().watchdog_interval().has_value());
    ::unsetenv("WATCHDOG_USEC");
    EXPECT_FALSE(Notify().watchdog_interval().has_value());
}

}  // namespace
}  // namespace farshore::runtime
