#include <boost/json/object.hpp>
#include <thread>

#include "tests/agent/control/socket_fixture.hpp"

namespace farshore::control {
namespace {

Call put_call(const std::string& tree) {
    return {.method = "POST",
            .path = "/v1/put",
            .parameters = {{"tree", tree},
                           {"path", "2026/grüße & mehr.txt"},
                           {"mode", "0640"},
                           {"mtime", "2026-11-22T18:44:49.5Z"}}};
}

// `size` bytes of 'a'.
Upload letters(std::uint64_t size) {
    auto left = std::make_shared<std::uint64_t>(size);
    return {size, [left](std::span<std::byte> into) {
                const auto count = std::min<std::uint64_t>(*left, into.size());
                std::fill_n(into.begin(), count, std::byte{'a'});
                *left -= count;
                return static_cast<std::size_t>(count);
            }};
}

TEST_F(SocketTest, PutStreamsABodyOfAnySizeInBoundedPieces) {
    const std::uint64_t size = 20'000'000;
    const auto result = ControlClient(socket_).upload(put_call("uploads"), letters(size));
    EXPECT_EQ(result.at("size_bytes"), size);
    EXPECT_EQ(std::string(result.at("sha256").as_string()), sha256(std::string(size, 'a')).hex());
    EXPECT_EQ(result.at("mark"), 9);
    EXPECT_EQ(agent_.put_.path, "2026/grüße & mehr.txt");
    EXPECT_EQ(agent_.put_.mode, 0640U);
    EXPECT_EQ(agent_.put_.size, size);
    ASSERT_TRUE(agent_.put_.mtime.has_value());
    EXPECT_EQ(agent_.put_.mtime->nanoseconds, 500'000'000U);
    EXPECT_LE(agent_.put_largest_piece_, 1'000'000U);
    EXPECT_EQ(agent_.puts_given_up_, 0);
}

TEST_F(SocketTest, AnEmptyFileIsAFileToo) {
    const auto result = ControlClient(socket_).upload(put_call("uploads"), letters(0));
    EXPECT_EQ(result.at("size_bytes"), 0);
}

TEST_F(SocketTest, ARefusalBeforeOrWithinTheBodyArrives) {
    const auto refusal = [&](const std::string& tree) {
        try {
            static_cast<void>(ControlClient(socket_).upload(put_call(tree), letters(20'000'000)));
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    };
    EXPECT_EQ(refusal("nowhere"), ErrorCode::not_found);
    agent_.put_refused_after_ = 1'000'000;
    EXPECT_EQ(refusal("uploads"), ErrorCode::disk_full);
    EXPECT_EQ(agent_.puts_given_up_, 1);
}

TEST_F(SocketTest, ABodyThatEndsTooSoonIsGivenUp) {
    {
        UnixStream stream = UnixStream::connect(socket_);
        boost::system::error_code error;
        const std::string half =
            "POST /v1/put?tree=uploads&path=x HTTP/1.1\r\nHost: f\r\nContent-Length: 100\r\n\r\n"
            "only this";
        ASSERT_EQ(stream.write_some(boost::asio::buffer(half), error), half.size());
    }
    while (agent_.puts_given_up_ == 0) {
        std::this_thread::yield();
    }
}

TEST_F(SocketTest, ExpectContinueIsAnswered) {
    const std::string answer = exchange(
        "POST /v1/put?tree=uploads&path=x HTTP/1.1\r\nHost: f\r\nExpect: 100-continue\r\n"
        "Content-Length: 2\r\nConnection: close\r\n\r\nhi");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n")) << answer;
    EXPECT_NE(answer.find("HTTP/1.1 200 OK"), std::string::npos) << answer;
}

TEST_F(SocketTest, WrongModesAndMissingNamesAreRefused) {
    Call call = put_call("uploads");
    call.parameters = {{"tree", "uploads"}, {"path", "x"}, {"mode", "rw"}};
    EXPECT_EQ(refused(call).code(), ErrorCode::usage);
    call.parameters = {{"tree", "uploads"}};
    EXPECT_EQ(refused(call).code(), ErrorCode::usage);
    call.parameters = {{"tree", "../x"}, {"path", "x"}};
    EXPECT_EQ(refused(call).code(), ErrorCode::bad_name);
}

}  // namespace
}  // namespace farshore::control
