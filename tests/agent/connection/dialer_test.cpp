#include "agent/connection/dialer.hpp"

#include "tests/agent/connection/connection_fixture.hpp"

namespace farshore::connection {
namespace {

class DialerTest : public ConnectionTest {};

TEST_F(DialerTest, OpensAllLanesAndBothSidesAgree) {
    const auto listener = listen();
    const auto dialer = make_dialer();
    const auto ours = dialer->dial(west, address_of(*listener), make_hello());
    const auto theirs = listener->accept(soon);
    ASSERT_NE(theirs, nullptr);
    EXPECT_EQ(ours->peer, west);
    EXPECT_EQ(theirs->peer, east);
    EXPECT_EQ(ours->welcome.received_cut, CutNumber(7));
    EXPECT_EQ(theirs->hello.trees, ours->hello.trees);
    EXPECT_EQ(ours->bulk.size(), 2U);
    EXPECT_EQ(theirs->bulk.size(), 2U);

    send(*ours->databases.at(SourceName("app")), Ping{1, {}});
    send(*ours->bulk[1], Ping{2, {}});
    send(*theirs->control, Ping{3, {}});
    EXPECT_EQ(from_frame<Ping>(*theirs->databases.at(SourceName("app"))->receive(soon)).number, 1U);
    EXPECT_EQ(from_frame<Ping>(*theirs->bulk[1]->receive(soon)).number, 2U);
    EXPECT_EQ(from_frame<Ping>(*ours->control->receive(soon)).number, 3U);
    EXPECT_TRUE(dialer->faults().list().empty());
    EXPECT_TRUE(listener->faults().list().empty());
}

TEST_F(DialerTest, OneClosedLaneClosesTheSessionAtBothEndsWithTheReason) {
    const auto listener = listen();
    const auto dialer = make_dialer();
    const auto ours = dialer->dial(west, address_of(*listener), make_hello());
    const auto theirs = listener->accept(soon);
    ours->bulk[0]->close(Error(ErrorCode::disk_full, "no space for a.jpg"));
    EXPECT_EQ(wait_closed(*ours->control).code(), ErrorCode::disk_full);
    for (const auto& lane : {theirs->control, theirs->bulk[0], theirs->bulk[1]}) {
        const Error error = wait_closed(*lane);
        EXPECT_EQ(error.code(), ErrorCode::connection_lost);
        EXPECT_PRED_FORMAT2(::testing::IsSubstring, "no space for a.jpg", error.message());
    }
    EXPECT_THROW(send(*ours->control, Ping{}), Error);
}

TEST_F(DialerTest, NobodyListens) {
    const auto dialer = make_dialer();
    const Error error = dial_error(*dialer, "127.0.0.1:1");
    EXPECT_EQ(error.code(), ErrorCode::connection_lost);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "west at 127.0.0.1:1: Connection refused",
                        error.message());
    ASSERT_EQ(dialer->faults().list().size(), 1U);
    EXPECT_EQ(dialer->faults().list()[0].peer, "west");
}

TEST_F(DialerTest, AddressThatIsNone) {
    const auto dialer = make_dialer();
    EXPECT_EQ(dial_error(*dialer, "west").code(), ErrorCode::bad_config);
    EXPECT_EQ(dial_error(*dialer, "no-such-host.invalid:7450").code(), ErrorCode::connection_lost);
}

TEST_F(DialerTest, PeerFromAnotherCa) {
    const test::TestCertificates other(clock_.utc_now(), "another CA");
    const auto listener = listen();
    const auto dialer = make_dialer(other.material("east"));
    const Error error = dial_error(*dialer, address_of(*listener));
    EXPECT_EQ(error.code(), ErrorCode::tls_failed);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "not from our CA", error.message());
    const HandshakeFault fault = wait_fault(*listener);
    EXPECT_EQ(fault.code, ErrorCode::tls_failed);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "it refused our certificate", fault.message);
}

// Only the dialing side has the wrong certificate: it trusts the listener's CA.
TEST_F(DialerTest, OurCertificateIsRefused) {
    const test::TestCertificates other(clock_.utc_now(), "another CA");
    TlsMaterial material = other.material("east");
    material.ca = certificates().ca().certificate;
    const auto listener = listen();
    const auto dialer = make_dialer(material);
    const Error error = dial_error(*dialer, address_of(*listener));
    EXPECT_EQ(error.code(), ErrorCode::tls_failed);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "it refused our certificate", error.message());
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "not from our CA", wait_fault(*listener).message);
}

TEST_F(DialerTest, ExpiredAtOurEnd) {
    const Timestamp long_ago{clock_.utc_now().nanoseconds - 3LL * 365 * 86'400 * 1'000'000'000};
    const test::TestCertificates old(long_ago);
    const auto listener = listen(old.material("west", clock_.utc_now()));
    const auto dialer = make_dialer(old.material("east", long_ago));
    const Error error = dial_error(*dialer, address_of(*listener));
    EXPECT_EQ(error.code(), ErrorCode::tls_failed);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "expired", error.message());
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "its certificate has expired",
                        wait_fault(*listener).message);
}

TEST_F(DialerTest, ExpiredAtTheOtherEnd) {
    const Timestamp long_ago{clock_.utc_now().nanoseconds - 3LL * 365 * 86'400 * 1'000'000'000};
    const test::TestCertificates old(long_ago);
    const auto listener = listen(old.material("west", long_ago));
    const auto dialer = make_dialer(old.material("east", clock_.utc_now()));
    const Error error = dial_error(*dialer, address_of(*listener));
    EXPECT_EQ(error.code(), ErrorCode::tls_failed);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "its certificate has expired", error.message());
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "it refused our certificate: expired",
                        wait_fault(*listener).message);
}

TEST_F(DialerTest, AnotherAgentAnswers) {
    const auto listener = listen(certificates().material("south"));
    const auto dialer = make_dialer();
    const Error error = dial_error(*dialer, address_of(*listener));
    EXPECT_EQ(error.code(), ErrorCode::wrong_peer);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "south", error.message());
    const HandshakeFault fault = wait_fault(*listener);
    EXPECT_EQ(fault.code, ErrorCode::wrong_peer);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "the peer refused", fault.message);
}

TEST_F(DialerTest, RefusalsAreTold) {
    const auto listener =
        listen(certificates().material("west"), [](const Hello&, const AgentName&) -> Welcome {
            throw Error(ErrorCode::fenced, "epoch 2 has begun");
        });
    const auto dialer = make_dialer();
    const Error error = dial_error(*dialer, address_of(*listener));
    EXPECT_EQ(error.code(), ErrorCode::fenced);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "epoch 2 has begun", error.message());
    EXPECT_EQ(wait_fault(*listener).code, ErrorCode::fenced);
}

TEST_F(DialerTest, NameInHelloThatIsNotInTheCertificate) {
    const auto listener = listen();
    const auto dialer = make_dialer();
    Hello hello = make_hello();
    hello.agent = AgentName("north");
    const Error forged = dial_error(*dialer, address_of(*listener), hello);
    EXPECT_EQ(forged.code(), ErrorCode::wrong_peer);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "not that of agent north", forged.message());
}

TEST_F(DialerTest, OtherStream) {
    const auto listener = listen();
    const auto dialer = make_dialer();
    Hello hello = make_hello();
    hello.stream = StreamName("blog");
    const Error error = dial_error(*dialer, address_of(*listener), hello);
    EXPECT_EQ(error.code(), ErrorCode::wrong_peer);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "stream blog, this one of shop", error.message());
}

TEST_F(DialerTest, StopEndsTheAttempt) {
    asio::io_context context;  // listens and says nothing
    tcp::acceptor silent(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto dialer = make_dialer();
    runtime::StopSource stop;
    const auto attempt = std::async(std::launch::async, [&] {
        stop.request_stop();
        static_cast<void>(
            dialer->dial(west, "127.0.0.1:" + std::to_string(silent.local_endpoint().port()),
                         make_hello(), stop.get_token()));
    });
    attempt.wait();
    EXPECT_TRUE(dialer->faults().list().empty());
}

TEST_F(DialerTest, SilentPeerIsATimeout) {
    dial_options_.connect_timeout = Duration::from_ms(100);
    asio::io_context context;
    tcp::acceptor silent(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto dialer = make_dialer();
    const Error error =
        dial_error(*dialer, "127.0.0.1:" + std::to_string(silent.local_endpoint().port()));
    EXPECT_EQ(error.code(), ErrorCode::timeout);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "no answer from west", error.message());
}

TEST_F(DialerTest, PeerThatSpeaksNoTls) {
    asio::io_context context;
    tcp::acceptor plain(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto server = std::async(std::launch::async, [&] {
        tcp::socket socket = plain.accept();
        asio::write(socket, asio::buffer(std::string("SSH-2.0-OpenSSH_9.2p1 Debian\r\n")));
        std::array<char, 4096> ignored;
        boost::system::error_code error;
        while (!error) {
            socket.read_some(asio::buffer(ignored), error);
        }
    });
    const auto dialer = make_dialer();
    const Error error =
        dial_error(*dialer, "127.0.0.1:" + std::to_string(plain.local_endpoint().port()));
    EXPECT_EQ(error.code(), ErrorCode::tls_failed);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "does not speak TLS", error.message());
}

}  // namespace
}  // namespace farshore::connection
