#include "agent/connection/handshake_faults.hpp"

#include <gtest/gtest.h>

namespace farshore::connection {
namespace {

class TestClock : public Clock {
  public:
    ClockReading read() override { return {{now_s * 1'000'000'000}, boot_now(), std::nullopt}; }
    BootTime boot_now() override { return {now_s * 1'000'000'000}; }
    Timestamp utc_now() override { return {now_s * 1'000'000'000}; }
    std::string boot_id() override { return std::string(16, 'b'); }

    std::int64_t now_s = 100;
};

TEST(HandshakeFaults, CountsAndKeepsTheLogQuiet) {
    TestClock clock;
    HandshakeFaults faults(clock);
    const Error refused(ErrorCode::connection_lost, "refused");
    EXPECT_TRUE(faults.record("west", refused));
    clock.now_s = 130;
    EXPECT_FALSE(faults.record("west", refused));
    clock.now_s = 161;
    EXPECT_TRUE(faults.record("west", refused));
    ASSERT_EQ(faults.list().size(), 1U);
    EXPECT_EQ(faults.list()[0].count, 3U);
    EXPECT_EQ(faults.list()[0].first.nanoseconds, 100LL * 1'000'000'000);
    EXPECT_EQ(faults.list()[0].last.nanoseconds, 161LL * 1'000'000'000);

    EXPECT_TRUE(faults.record("west", Error(ErrorCode::timeout, "late")));
    EXPECT_EQ(faults.list()[0].count, 1U);
    EXPECT_EQ(faults.list()[0].code, ErrorCode::timeout);
    faults.clear("west");
    EXPECT_TRUE(faults.list().empty());
}

TEST(HandshakeFaults, AStrayCallIsForgotten) {
    TestClock clock;
    HandshakeFaults faults(clock);
    EXPECT_TRUE(faults.record("192.0.2.7", Error(ErrorCode::tls_failed, "no TLS")));
    clock.now_s += 3'599;
    EXPECT_EQ(faults.list().size(), 1U);
    clock.now_s += 1;
    EXPECT_TRUE(faults.list().empty());
}

TEST(HandshakeFaults, RemembersTheLatestPeersOnly) {
    TestClock clock;
    HandshakeFaults faults(clock);
    for (int i = 0; i < 100; ++i) {
        faults.record("192.0.2." + std::to_string(i), Error(ErrorCode::timeout, "late"));
    }
    ASSERT_EQ(faults.list().size(), HandshakeFaults::capacity);
    EXPECT_EQ(faults.list().back().peer, "192.0.2.99");
}

}  // namespace
}  // namespace farshore::connection
