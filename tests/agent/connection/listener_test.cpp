#include "agent/connection/listener.hpp"

#include "protocol/frame_codec.hpp"
#include "tests/agent/connection/connection_fixture.hpp"

namespace farshore::connection {
namespace {

class ListenerTest : public ConnectionTest {
  protected:
    static tcp::socket connect(asio::io_context& context, const Listener& listener) {
        tcp::socket socket(context);
        socket.connect({asio::ip::address_v4::loopback(), listener.port()});
        return socket;
    }
    asio::io_context context_;
};

TEST_F(ListenerTest, NoSessionIsATimeout) {
    const auto listener = listen();
    EXPECT_EQ(listener->accept(Duration::from_ms(1)), nullptr);
}

TEST_F(ListenerTest, APortThatIsTakenOrNone) {
    const auto listener = listen();
    ListenOptions options = listen_options_;
    const auto open = [&](const std::string& address) {
        options.address = address;
        try {
            Listener(network_, *listen_tls_, clock_, options, {});
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    };
    EXPECT_EQ(open(address_of(*listener)), ErrorCode::io);
    EXPECT_EQ(open("nowhere"), ErrorCode::bad_config);
}

TEST_F(ListenerTest, ANewSessionTakesTheOldOnesPlace) {
    const auto listener = listen();
    const auto dialer = make_dialer();
    const auto first = dialer->dial(west, address_of(*listener), make_hello());
    const auto first_there = listener->accept(soon);
    const auto second = dialer->dial(west, address_of(*listener), make_hello());
    const auto second_there = listener->accept(soon);
    ASSERT_TRUE(first_there && second_there);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "newer session",
                        wait_closed(*first_there->control).message());
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "newer session",
                        wait_closed(*first->bulk[0]).message());
    EXPECT_FALSE(second_there->control->is_closed());
    send(*second->control, Ping{4, {}});
    EXPECT_EQ(from_frame<Ping>(*second_there->control->receive(soon)).number, 4U);
}

TEST_F(ListenerTest, GarbageInsteadOfTls) {
    const auto listener = listen();
    tcp::socket socket = connect(context_, *listener);
    asio::write(socket, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: west\r\n\r\n")));
    const HandshakeFault fault = wait_fault(*listener);
    EXPECT_EQ(fault.code, ErrorCode::tls_failed);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "does not speak TLS", fault.message);
    EXPECT_EQ(fault.peer, "127.0.0.1");
}

TEST_F(ListenerTest, AConnectionThatStaysSilent) {
    listen_options_.handshake_timeout = Duration::from_ms(100);
    const auto listener = listen();
    const tcp::socket socket = connect(context_, *listener);
    const HandshakeFault fault = wait_fault(*listener);
    EXPECT_EQ(fault.code, ErrorCode::timeout);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "within 100 ms", fault.message);
}

TEST_F(ListenerTest, TooManyAtOnce) {
    listen_options_.most_handshakes = 2;
    const auto listener = listen();
    std::vector<tcp::socket> sockets;
    for (int i = 0; i < 3; ++i) {
        sockets.push_back(connect(context_, *listener));
    }
    EXPECT_EQ(wait_fault(*listener).code, ErrorCode::too_large);
}

// TLS is right, the frames are the test's.
class RawHelloTest : public ListenerTest {
  protected:
    // What the listener answers to these bytes.
    Frame answer_to(const Listener& listener, const std::string& bytes) {
        TlsContext tls(certificates().material("east"));
        TlsStream stream(context_, *tls.context());
        stream.next_layer().connect({asio::ip::address_v4::loopback(), listener.port()});
        stream.handshake(asio::ssl::stream_base::client);
        asio::write(stream, asio::buffer(bytes));
        FrameDecoder decoder;
        for (;;) {
            char byte = 0;
            asio::read(stream, asio::buffer(&byte, 1));
            std::string_view input(&byte, 1);
            if (auto frame = decoder.next(input).take()) {
                return *frame;
            }
        }
    }
    Refusal refusal_of(const Listener& listener, const Frame& frame) {
        const std::string bytes = FrameEncoder({CompressionChoice::Mode::none, 0}).encode(frame);
        return from_frame<Refusal>(answer_to(listener, bytes));
    }
};

TEST_F(RawHelloTest, AVersionFromTheFuture) {
    const auto listener = listen();
    ByteWriter hello;
    hello.u16(2).u16(9).raw("whatever version 9 says here");
    const Refusal refusal = refusal_of(*listener, {MessageKind::hello, hello.take()});
    EXPECT_EQ(refusal.code, ErrorCode::bad_version);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "1 to 1", refusal.message);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "2 to 9", refusal.message);
    EXPECT_EQ(wait_fault(*listener).code, ErrorCode::bad_version);
}

TEST_F(RawHelloTest, BytesThatAreNoFrame) {
    const auto listener = listen();
    const std::string bytes(64, 'x');
    EXPECT_EQ(from_frame<Refusal>(answer_to(*listener, bytes)).code, ErrorCode::malformed);
}

TEST_F(RawHelloTest, AFrameOverTheLimit) {
    const auto listener = listen();
    FrameHeader header;
    header.kind = MessageKind::hello;
    header.wire_bytes = header.body_bytes = limits::frame_body + 1;
    const std::string bytes = write_frame_header(header);
    EXPECT_EQ(from_frame<Refusal>(answer_to(*listener, bytes)).code, ErrorCode::too_large);
}

TEST_F(RawHelloTest, NoHello) {
    const auto listener = listen();
    EXPECT_EQ(refusal_of(*listener, to_frame(Ping{1, {}})).code, ErrorCode::malformed);
}

TEST_F(RawHelloTest, ALaneOfNoSession) {
    const auto listener = listen();
    Hello hello = make_hello();
    hello.session_id = std::string(16, 'x');
    hello.lane = LaneKind::bulk;
    EXPECT_EQ(refusal_of(*listener, to_frame(hello)).code, ErrorCode::connection_lost);
}

}  // namespace
}  // namespace farshore::connection
