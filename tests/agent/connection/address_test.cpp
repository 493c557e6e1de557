#include "agent/connection/address.hpp"

#include <gtest/gtest.h>

namespace farshore::connection {
namespace {

TEST(Address, EveryForm) {
    EXPECT_EQ(parse_address("app-west.example.net:7450").value(),
              (Address{"app-west.example.net", 7450}));
    EXPECT_EQ(parse_address("0.0.0.0:0").value(), (Address{"0.0.0.0", 0}));
    EXPECT_EQ(parse_address("[2001:db8::1]:7450").value(), (Address{"2001:db8::1", 7450}));
    EXPECT_EQ((Address{"2001:db8::1", 7450}).str(), "[2001:db8::1]:7450");
    EXPECT_EQ((Address{"west", 1}).str(), "west:1");
}

TEST(Address, WhatIsNone) {
    for (const char* text : {"", "west", ":7450", "west:", "west:x", "west:65536", "west:-1",
                             "2001:db8::1:7450", "[]:1", "west: 1", "west:1 "}) {
        const auto result = parse_address(text);
        ASSERT_FALSE(result.ok()) << text;
        EXPECT_EQ(result.error().code(), ErrorCode::bad_config);
    }
}

}  // namespace
}  // namespace farshore::connection
