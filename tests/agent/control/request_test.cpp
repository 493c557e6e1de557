#include "agent/control/request.hpp"

#include <gtest/gtest.h>

namespace farshore::control {
namespace {

TEST(Request, ParsesPathAndQuery) {
    Request request;
    ASSERT_TRUE(parse_target("/v1/put?tree=a&path=b%20c%2Fd&tree=e&chain&x=1%26", request));
    EXPECT_EQ(request.path, "/v1/put");
    EXPECT_EQ(request.parameter("path"), "b c/d");
    EXPECT_EQ(request.parameters("tree"), (std::vector<std::string>{"a", "e"}));
    EXPECT_EQ(request.parameter("x"), "1&");
    EXPECT_TRUE(request.parameter("chain").has_value());
    EXPECT_FALSE(request.parameter("y").has_value());
}

TEST(Request, Flags) {
    Request request;
    ASSERT_TRUE(parse_target("/?a=1&b=0&c=false&d", request));
    EXPECT_TRUE(request.flag("a"));
    EXPECT_FALSE(request.flag("b"));
    EXPECT_FALSE(request.flag("c"));
    EXPECT_TRUE(request.flag("d"));
    EXPECT_FALSE(request.flag("e"));
}

TEST(Request, WhatDoesNotParseIsRefused) {
    Request request;
    for (const char* wrong : {"", "v1/lag", "/x?a=%", "/x?a=%1", "/x?a=%zz", "*"}) {
        EXPECT_FALSE(parse_target(wrong, request)) << wrong;
    }
}

TEST(Request, EncodingIsTheInverse) {
    std::string every;
    for (int byte = 1; byte < 256; ++byte) {
        every.push_back(static_cast<char>(byte));
    }
    Request request;
    ASSERT_TRUE(parse_target("/x?a=" + percent_encoded(every), request));
    EXPECT_EQ(request.parameter("a"), every);
}

}  // namespace
}  // namespace farshore::control
