#pragma once
// Two agents on loopback, "east" that dials and "west" that listens, with real TLS.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "agent/connection/dialer.hpp"
#include "agent/connection/listener.hpp"
#include "agent/runtime/random.hpp"
#include "agent/runtime/system_clock.hpp"
#include "tests/support/test_certificates.hpp"

namespace farshore::connection {

inline const AgentName east{"east"};
inline const AgentName west{"west"};
inline const Duration soon = Duration::from_ms(10'000);  // long enough never to be the reason

inline const test::TestCertificates& certificates() {
    static const test::TestCertificates made(runtime::SystemClock().utc_now());
    return made;
}

inline Hello make_hello() {
    Hello hello;
    hello.stream = StreamName("shop");
    hello.agent = east;
    hello.epoch = Epoch(1);
    hello.boot_id = std::string(16, 'b');
    hello.bulk_lanes = 2;
    hello.trees = {SourceName("uploads")};
    hello.databases = {SourceName("app")};
    return hello;
}

inline Welcome make_welcome() {
    Welcome welcome;
    welcome.agent = west;
    welcome.epoch = Epoch(1);
    welcome.boot_id = std::string(16, 'w');
    welcome.received_cut = CutNumber(7);
    return welcome;
}

class ConnectionTest : public ::testing::Test {
  protected:
    ConnectionTest() {
        listen_options_.peers = {east, AgentName("north")};
        listen_options_.silence = dial_options_.silence = Duration{};  // nobody pings here
    }

    std::unique_ptr<Listener> listen(
        TlsMaterial material = certificates().material("west"),
        Answer answer = [](const Hello&, const AgentName&) { return make_welcome(); }) {
        listen_tls_ = std::make_unique<TlsContext>(material);
        listen_options_.address = "127.0.0.1:0";
        listen_options_.stream = StreamName("shop");
        return std::make_unique<Listener>(network_, *listen_tls_, clock_, listen_options_,
                                          std::move(answer));
    }
    std::unique_ptr<Dialer> make_dialer(TlsMaterial material = certificates().material("east")) {
        dial_tls_ = std::make_unique<TlsContext>(material);
        return std::make_unique<Dialer>(
            network_, *dial_tls_, clock_,
            [this](std::size_t count) { return random_.bytes(count); }, dial_options_);
    }
    static std::string address_of(const Listener& listener) {
        return "127.0.0.1:" + std::to_string(listener.port());
    }
    // The Error that dialing ends with.
    static Error dial_error(Dialer& dialer, const std::string& address,
                            Hello hello = make_hello()) {
        try {
            static_cast<void>(dialer.dial(west, address, std::move(hello)));
        } catch (const Error& error) {
            return error;
        }
        return {ErrorCode::internal, "dialing went well"};
    }
    // The listener's only fault, waited for.
    HandshakeFault wait_fault(Listener& listener) {
        for (int i = 0; i < 1'000 && listener.faults().list().empty(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        const auto faults = listener.faults().list();
        return faults.empty() ? HandshakeFault{} : faults.front();
    }
    // The Error that a lane was closed with.
    static Error wait_closed(Lane& lane) {
        try {
            while (lane.receive(soon)) {
            }
        } catch (const Error& error) {
            return error;
        }
        return {ErrorCode::internal, "the lane is open"};
    }

    runtime::SystemClock clock_;
    runtime::SystemRandom random_;
    Network network_;
    ListenOptions listen_options_;
    DialOptions dial_options_;
    std::unique_ptr<TlsContext> listen_tls_, dial_tls_;
};

}  // namespace farshore::connection
