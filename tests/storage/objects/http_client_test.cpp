#include "storage/objects/http_client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/support/scripted_http_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

using test::http_answer;
using test::ScriptedHttpServer;

HttpRequest get(const ScriptedHttpServer& server, const std::string& target) {
    HttpRequest request;
    request.method = "GET";
    request.url = server.endpoint() + target;
    request.answer_limit_bytes = 1000;
    return request;
}

std::vector<std::string> lower_names(const test::ReceivedRequest& request) {
    std::vector<std::string> names;
    for (const auto& [name, value] : request.headers) {
        std::string lower;
        for (const char c : name) {
            lower += static_cast<char>(std::tolower(c));
        }
        names.push_back(lower);
    }
    std::sort(names.begin(), names.end());
    return names;
}

TEST(HttpClient, AGetAndItsAnswer) {
    ScriptedHttpServer server({{"GET", "/a", http_answer(200, {"ETag: \"x\"", "A:  b "}, "body")}});
    HttpClient client("");
    const HttpAnswer answer = client.perform(get(server, "/a")).take();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "body");
    EXPECT_EQ(answer.header("etag"), "\"x\"");
    EXPECT_EQ(answer.header("a"), "b");
    EXPECT_EQ(answer.header("b"), "");
    EXPECT_FALSE(answer.cut_off);
    EXPECT_EQ(server.finish(), "");
}

TEST(HttpClient, SendsWhatItIsGivenAndNothingElse) {
    ScriptedHttpServer server({{"PUT", "/a/../b/./c%2B?x=%20y", http_answer(200, {}, "")},
                               {"GET", "/g", http_answer(200, {}, "")},
                               {"PUT", "/empty", http_answer(200, {}, "")}});
    HttpClient client("");
    HttpRequest put = get(server, "/a/../b/./c%2B?x=%20y");
    put.method = "PUT";
    put.headers = {{"host", "bucket.example"}, {"x-amz-date", "d"}, {"x-empty", ""}};
    put.body = "0123456789";
    EXPECT_EQ(client.perform(put).take().status, 200);
    HttpRequest plain = get(server, "/g");
    EXPECT_EQ(client.perform(plain).take().status, 200);
    put.url = server.endpoint() + "/empty";
    put.headers.clear();
    put.body = "";
    EXPECT_EQ(client.perform(put).take().status, 200);
    EXPECT_EQ(server.finish(), "");
    const test::ReceivedRequest& first = server.requests()[0];
    EXPECT_EQ(first.target, "/a/../b/./c%2B?x=%20y");
    EXPECT_EQ(first.body, "0123456789");
    EXPECT_EQ(first.header("host"), "bucket.example");
    using Names = std::vector<std::string>;
    EXPECT_EQ(lower_names(first), (Names{"content-length", "host", "x-amz-date", "x-empty"}));
    EXPECT_EQ(lower_names(server.requests()[1]), Names{"host"});
    EXPECT_EQ(lower_names(server.requests()[2]), (Names{"content-length", "host"}));
    EXPECT_EQ(server.requests()[2].header("content-length"), "0");
}

TEST(HttpClient, RedirectsAreAnswers) {
    ScriptedHttpServer server(
        {{"GET", "/a", http_answer(307, {"Location: http://127.0.0.1:1/b"}, "")}});
    HttpClient client("");
    EXPECT_EQ(client.perform(get(server, "/a")).take().status, 307);
    EXPECT_EQ(server.finish(), "");
}

TEST(HttpClient, ABodyBeyondTheLimitIsCutOff) {
    ScriptedHttpServer server({{"GET", "/a", http_answer(200, {}, std::string(1001, 'x'))},
                               {"GET", "/b", http_answer(200, {}, std::string(1000, 'x'))}});
    HttpClient client("");
    EXPECT_TRUE(client.perform(get(server, "/a")).take().cut_off);
    const HttpAnswer exact = client.perform(get(server, "/b")).take();
    EXPECT_FALSE(exact.cut_off);
    EXPECT_EQ(exact.body.size(), 1000U);
}

TEST(HttpClient, HeadersWithoutEndAreRefused) {
    std::vector<std::string> headers(100, "x: " + std::string(1000, 'y'));
    ScriptedHttpServer server({{"GET", "/a", http_answer(200, headers, "")}});
    HttpClient client("");
    EXPECT_EQ(client.perform(get(server, "/a")).error().code(), ErrorCode::store_unavailable);
}

TEST(HttpClient, HalfAnAnswerIsNone) {
    std::string half = http_answer(200, {}, "0123456789");
    half.resize(half.size() - 5);
    ScriptedHttpServer server({{"GET", "/half", half}, {"GET", "/none", ""}});
    HttpClient client("");
    EXPECT_EQ(client.perform(get(server, "/half")).error().code(), ErrorCode::store_unavailable);
    EXPECT_EQ(client.perform(get(server, "/none")).error().code(), ErrorCode::store_unavailable);
    EXPECT_EQ(server.finish(), "");
}

TEST(HttpClient, AHeadHasNoBody) {
    ScriptedHttpServer server(
        {{"HEAD", "/a", "HTTP/1.1 200 OK\r\nContent-Length: 77\r\nConnection: close\r\n\r\n"}});
    HttpClient client("");
    HttpRequest head = get(server, "/a");
    head.method = "HEAD";
    const HttpAnswer answer = client.perform(head).take();
    EXPECT_EQ(answer.header("content-length"), "77");
    EXPECT_EQ(answer.body, "");
}

TEST(HttpClient, TheDeadlineIsKept) {
    // Says that it goes on, and does not.
    test::ScriptedHttpServer server({{"GET", "/a", "HTTP/1.1 100 Continue\r\n\r\n", true}});
    HttpClient client("");
    HttpRequest request = get(server, "/a");
    request.deadline = Duration::from_ms(50);
    EXPECT_EQ(client.perform(request).error().code(), ErrorCode::store_unavailable);
}

TEST(HttpClient, AnInterruptEndsWhatWaitsAndWhatComesLater) {
    test::ScriptedHttpServer server({{"GET", "/a", "HTTP/1.1 100 Continue\r\n\r\n", true}});
    HttpClient client("");
    HttpRequest request = get(server, "/a");
    std::thread waiting(
        [&] { EXPECT_EQ(client.perform(request).error().code(), ErrorCode::cancelled); });
    server.wait_for_request();
    client.interrupt();
    waiting.join();
    EXPECT_EQ(client.perform(request).error().code(), ErrorCode::cancelled);
    EXPECT_EQ(server.finish(), "");
}

TEST(HttpClient, WhatCanNotBeTrustedIsRefused) {
    HttpClient client("/nonexistent/ca.pem");
    HttpRequest request;
    request.method = "GET";
    request.url = "https://127.0.0.1:1/";
    // The authority's file is looked at before anything is asked, or nobody answers.
    EXPECT_FALSE(client.perform(request).ok());
    request.url = "ftp://127.0.0.1/";
    EXPECT_EQ(client.perform(request).error().code(), ErrorCode::store_refused);
}

}  // namespace
}  // namespace farshore::storage
