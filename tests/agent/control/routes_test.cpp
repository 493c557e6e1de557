#include "agent/control/routes.hpp"

#include <boost/json/object.hpp>

#include "protocol/json.hpp"
#include "tests/agent/control/socket_fixture.hpp"

namespace farshore::control {
namespace {

namespace json = boost::json;

TEST_F(SocketTest, LagIsJsonOverPlainHttp) {
    const std::string answer =
        exchange("GET /v1/lag HTTP/1.1\r\nHost: farshore\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos);
    EXPECT_NE(answer.find("\"stream\": \"shop\""), std::string::npos);
}

TEST_F(SocketTest, AConnectionServesOneRequestAfterAnother) {
    const std::string one = "GET /healthz HTTP/1.1\r\nHost: farshore\r\n";
    const std::string answer = exchange(one + "\r\n" + one + "Connection: close\r\n\r\n");
    EXPECT_NE(answer.find("HTTP/1.1 200 OK", answer.find("HTTP/1.1 200 OK") + 1), std::string::npos)
        << answer;
}

TEST_F(SocketTest, WatchStreamsALineASecond) {
    int lines = 0;
    ControlClient(socket_).stream({.path = "/v1/lag", .parameters = {{"watch", "1"}}},
                                  [&](const json::value& lag) {
                                      ++lines;
                                      EXPECT_EQ(lag.at("rpo_seconds").to_number<double>(), lines);
                                      return lines < 2;
                                  });
    EXPECT_EQ(lines, 2);
}

TEST_F(SocketTest, HealthSpeaksByStatus) {
    EXPECT_TRUE(ControlClient(socket_).call({.path = "/healthz"}).at("ok").as_bool());
    const std::string answer =
        exchange("GET /readyz HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    EXPECT_NE(answer.find("no session with app-west"), std::string::npos);
}

TEST_F(SocketTest, FlushHandsOnWhatWasAsked) {
    const json::value result =
        ControlClient(socket_).call({.method = "POST",
                                     .path = "/v1/flush",
                                     .parameters = {{"until", "applied"}, {"timeout", "1500ms"}}});
    EXPECT_EQ(agent_.flush_.until, Until::applied);
    EXPECT_EQ(agent_.flush_.timeout, Duration::from_ms(1'500));
    EXPECT_EQ(result.at("mark"), 1841);
    EXPECT_EQ(result.at("time"), "2026-11-22T18:44:49.123456789Z");
}

TEST_F(SocketTest, TheAgentsErrorsComeBackAsThemselves) {
    agent_.flush_error_ = Error(ErrorCode::timeout, "app-west has not received mark 7");
    const Error error = refused({.method = "POST", .path = "/v1/flush"});
    EXPECT_EQ(error.code(), ErrorCode::timeout);
    EXPECT_EQ(error.message(), "app-west has not received mark 7");
    agent_.flush_error_ = Error(ErrorCode::not_primary, "app-west is a secondary");
    EXPECT_EQ(refused({.method = "POST", .path = "/v1/flush"}).code(), ErrorCode::not_primary);
}

TEST_F(SocketTest, WrongParametersAreNamed) {
    for (const auto& [name, value] : {std::pair{"until", "later"}, std::pair{"timeout", "soon"}}) {
        const Error error =
            refused({.method = "POST", .path = "/v1/flush", .parameters = {{name, value}}});
        EXPECT_EQ(error.code(), ErrorCode::usage);
        EXPECT_NE(error.message().find(name), std::string::npos);
        EXPECT_NE(error.message().find(value), std::string::npos);
    }
}

TEST_F(SocketTest, UnknownPathsMethodsAndWhatIsNotThereYet) {
    EXPECT_EQ(refused({.path = "/v1/nothing"}).code(), ErrorCode::not_found);
    EXPECT_EQ(refused({.method = "POST", .path = "/v1/promote"}).code(), ErrorCode::unsupported);
    const std::string wrong =
        exchange("DELETE /v1/lag HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(wrong.starts_with("HTTP/1.1 405 ")) << wrong;
    const std::string promote = exchange(
        "POST /v1/promote HTTP/1.1\r\nHost: f\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(promote.starts_with("HTTP/1.1 404 ")) << promote;
    EXPECT_NE(promote.find("\"code\": \"UNSUPPORTED\""), std::string::npos);
}

TEST_F(SocketTest, WhatIsNotHttpIsToldSo) {
    EXPECT_TRUE(exchange("hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(
        exchange("GET /v1/lag?x=%zz HTTP/1.1\r\nHost: f\r\n\r\n").starts_with("HTTP/1.1 400 "));
    const std::string long_header = "X: " + std::string(100'000, 'x') + "\r\n";
    const std::string answer = exchange("GET /v1/lag HTTP/1.1\r\n" + long_header + "\r\n");
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 400 ")) << answer;
    // The server is still there.
    EXPECT_TRUE(ControlClient(socket_).call({.path = "/healthz"}).at("ok").as_bool());
}

TEST_F(SocketTest, VerifyStreamsProgressAndThenTheReport) {
    std::vector<json::value> lines;
    ControlClient(socket_).stream({.method = "POST",
                                   .path = "/v1/verify",
                                   .parameters = {{"progress", "1"},
                                                  {"files", "1"},
                                                  {"tree", "uploads"},
                                                  {"tree", "docs"},
                                                  {"at", "7"}}},
                                  [&](const json::value& line) {
                                      lines.push_back(line);
                                      return true;
                                  });
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].at("progress").at("done"), 10);
    EXPECT_EQ(lines[1].at("report").at("exit_status"), 1);
    EXPECT_EQ(agent_.verify_.only_trees.size(), 2U);
    EXPECT_EQ(agent_.verify_.at, MarkNumber(7));
    EXPECT_TRUE(agent_.verify_.files);
    EXPECT_FALSE(agent_.verify_.chain);
}

TEST_F(SocketTest, AnErrorAfterTheFirstLineStillArrives) {
    agent_.verify_error_ = Error(ErrorCode::store_unavailable, "the store is away");
    try {
        ControlClient(socket_).stream(
            {.method = "POST", .path = "/v1/verify", .parameters = {{"progress", "1"}}},
            [](const json::value&) { return true; });
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::store_unavailable);
    }
}

TEST(HttpStatus, EveryCodeHasOne) {
    for (std::uint16_t number = 1; error_code_from_wire(number); ++number) {
        const int status = http_status(*error_code_from_wire(number));
        EXPECT_GE(status, 400);
        EXPECT_LE(status, 599);
    }
}

}  // namespace
}  // namespace farshore::control
