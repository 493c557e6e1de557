#include "agent/control/unix_stream.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/error.hpp>

#include "protocol/error.hpp"

namespace farshore::control {
namespace {

struct Ends {
    UnixStream a, b;
};

Ends make_ends() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    return {UnixStream(pair[0]), UnixStream(pair[1])};
}

TEST(UnixStream, ASilentOtherEndTimesOut) {
    Ends ends = make_ends();
    ends.a.set_timeout(Duration::from_ms(1));
    std::array<char, 8> buffer{};
    boost::system::error_code error;
    EXPECT_EQ(ends.a.read_some(boost::asio::buffer(buffer), error), 0U);
    EXPECT_EQ(error, boost::asio::error::timed_out);
}

TEST(UnixStream, AnOtherEndThatReadsNothingTimesOut) {
    Ends ends = make_ends();
    ends.a.set_timeout(Duration::from_ms(1));
    const std::string much(1'000'000, 'x');
    boost::system::error_code error;
    while (!error) {
        ends.a.write_some(boost::asio::buffer(much), error);
    }
    EXPECT_EQ(error, boost::asio::error::timed_out);
}

TEST(UnixStream, AClosedOtherEndIsTheEnd) {
    Ends ends = make_ends();
    ends.b.shut_down();
    std::array<char, 8> buffer{};
    boost::system::error_code error;
    ends.a.read_some(boost::asio::buffer(buffer), error);
    EXPECT_EQ(error, boost::asio::error::eof);
}

TEST(UnixStream, KnowsTheUserAtTheOtherEnd) {
    const Ends ends = make_ends();
    EXPECT_EQ(ends.a.peer_uid(), ::geteuid());
}

TEST(UnixStream, NobodyAtThePath) {
    try {
        static_cast<void>(UnixStream::connect("/nowhere/agent.sock"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::no_agent);
        EXPECT_NE(error.message().find("/nowhere/agent.sock"), std::string::npos);
    }
    EXPECT_THROW(static_cast<void>(UnixStream::connect(std::string(200, 'x'))), Error);
}

}  // namespace
}  // namespace farshore::control
