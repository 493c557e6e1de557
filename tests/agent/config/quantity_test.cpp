#include "agent/config/quantity.hpp"

#include <gtest/gtest.h>

namespace farshore::config {
namespace {

TEST(Quantity, Durations) {
    EXPECT_EQ(parse_duration("500ms"), Duration::from_ms(500));
    EXPECT_EQ(parse_duration("0s"), Duration{0});
    EXPECT_EQ(parse_duration("30s"), Duration::from_ms(30'000));
    EXPECT_EQ(parse_duration("5m"), Duration::from_ms(300'000));
    EXPECT_EQ(parse_duration("24h"), Duration::from_ms(86'400'000));
    EXPECT_EQ(parse_duration("2d"), Duration::from_ms(172'800'000));
    for (const char* wrong : {"", "30", "s", "-1s", "1.5s", "1 s", "1S", "40000d",
                              "99999999999999999999s", "18446744073709551615ms"}) {
        EXPECT_FALSE(parse_duration(wrong).has_value()) << wrong;
    }
}

TEST(Quantity, Sizes) {
    EXPECT_EQ(parse_size("0B"), 0U);
    EXPECT_EQ(parse_size("64KiB"), 65'536U);
    EXPECT_EQ(parse_size("512MiB"), 536'870'912U);
    EXPECT_EQ(parse_size("2GB"), 2'000'000'000U);
    EXPECT_EQ(parse_size("1TiB"), 1ULL << 40);
    for (const char* wrong : {"", "64", "KiB", "-1B", "1kb", "1 GB", "1.5GB", "9000000000TB"}) {
        EXPECT_FALSE(parse_size(wrong).has_value()) << wrong;
    }
}

TEST(Quantity, DeleteGuards) {
    EXPECT_DOUBLE_EQ(*parse_delete_guard("25%")->share, 0.25);
    EXPECT_DOUBLE_EQ(*parse_delete_guard("0.5%")->share, 0.005);
    EXPECT_FALSE(parse_delete_guard("25%")->count.has_value());
    EXPECT_EQ(parse_delete_guard("500")->count, 500U);
    for (const char* wrong : {"", "%", "101%", "-1%", "nan%", "25 %", "many"}) {
        EXPECT_FALSE(parse_delete_guard(wrong).has_value()) << wrong;
    }
}

TEST(Quantity, Addresses) {
    EXPECT_EQ(parse_host_port("app-west.example.net:7450")->host, "app-west.example.net");
    EXPECT_EQ(parse_host_port("app-west.example.net:7450")->port, 7450);
    EXPECT_EQ(parse_host_port("[::1]:7450")->host, "::1");
    for (const char* wrong : {"", "host", "host:", ":7450", "host:0", "host:65536", "host:x",
                              "::1:7450", "a b:1", "[]:1"}) {
        EXPECT_FALSE(parse_host_port(wrong).has_value()) << wrong;
    }
}

}  // namespace
}  // namespace farshore::config
