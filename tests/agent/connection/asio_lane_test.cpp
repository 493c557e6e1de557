#include "agent/connection/asio_lane.hpp"

#include "protocol/frame_codec.hpp"
#include "protocol/message_content.hpp"
#include "tests/agent/connection/connection_fixture.hpp"
#include "tests/support/names.hpp"

namespace farshore::connection {
namespace {

using test::uploads;

std::string noise(std::size_t count) {
    std::string text(count, '\0');
    std::uint32_t state = 1;
    for (char& c : text) {
        state = state * 1'664'525 + 1'013'904'223;
        c = static_cast<char>(state >> 24);
    }
    return text;
}

// A peer that speaks TLS rightly and frames as the test wants.
class RawPeer {
  public:
    explicit RawPeer(TlsContext& tls) : stream_(context_, *tls.context()) {}

    void connect(std::uint16_t port) {
        stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
        stream_.handshake(asio::ssl::stream_base::client);
    }
    void write(const std::string& bytes) { asio::write(stream_, asio::buffer(bytes)); }
    void write(const Frame& frame) {
        write(FrameEncoder({CompressionChoice::Mode::none, 0}).encode(frame));
    }
    Frame read() {
        FrameDecoder decoder;
        for (;;) {
            char byte = 0;
            asio::read(stream_, asio::buffer(&byte, 1));
            std::string_view input(&byte, 1);
            if (auto frame = decoder.next(input).take()) {
                return *frame;
            }
        }
    }

  private:
    asio::io_context context_;
    TlsStream stream_;
};

class AsioLaneTest : public ConnectionTest {
  protected:
    void open() {
        listener_ = listen();
        dialer_ = make_dialer();
        ours_ = dialer_->dial(west, address_of(*listener_), make_hello());
        theirs_ = listener_->accept(soon);
        ASSERT_NE(theirs_, nullptr);
    }
    // A session whose dialing end is in the test's hands.
    std::unique_ptr<RawPeer> open_raw() {
        listener_ = listen();
        dialer_ = make_dialer();  // for its TLS context
        Hello hello = make_hello();
        hello.session_id = std::string(16, 's');
        hello.bulk_lanes = 1;
        hello.databases.clear();
        auto control = std::make_unique<RawPeer>(*dial_tls_);
        control->connect(listener_->port());
        control->write(to_frame(hello));
        EXPECT_EQ(control->read().kind, MessageKind::welcome);
        bulk_ = std::make_unique<RawPeer>(*dial_tls_);
        bulk_->connect(listener_->port());
        hello.lane = LaneKind::bulk;
        hello.trees.clear();
        bulk_->write(to_frame(hello));
        EXPECT_EQ(bulk_->read().kind, MessageKind::welcome);
        theirs_ = listener_->accept(soon);
        return control;
    }

    std::unique_ptr<Listener> listener_;
    std::unique_ptr<Dialer> dialer_;
    std::shared_ptr<Session> ours_, theirs_;
    std::unique_ptr<RawPeer> bulk_;
};

TEST_F(AsioLaneTest, FramesArriveOnceWholeAndInOrder) {
    open();
    const std::string content = noise(limits::payload_piece);
    auto sending = std::async(std::launch::async, [&] {
        for (std::uint64_t i = 0; i < 200; ++i) {
            send(*ours_->bulk[0], ContentData{i, content.substr(0, 1 + i * 1'000)});
        }
    });
    for (std::uint64_t i = 0; i < 200; ++i) {
        const auto data = from_frame<ContentData>(*theirs_->bulk[0]->receive(soon));
        ASSERT_EQ(data.transfer, i);
        ASSERT_EQ(data.content, content.substr(0, 1 + i * 1'000));
    }
    sending.get();
}

TEST_F(AsioLaneTest, ManySendersEachInTheirOwnOrder) {
    open();
    std::vector<std::future<void>> senders;
    for (std::uint64_t sender = 0; sender < 4; ++sender) {
        senders.push_back(std::async(std::launch::async, [this, sender] {
            for (std::int64_t i = 0; i < 500; ++i) {
                send(*ours_->control, Ping{sender, {i}});
            }
        }));
    }
    std::array<std::int64_t, 4> next{};
    for (int i = 0; i < 2'000; ++i) {
        const auto ping = from_frame<Ping>(*theirs_->control->receive(soon));
        EXPECT_EQ(ping.sent.nanoseconds, next.at(ping.number)++);
    }
}

// Nobody receives: the sender is held back before either end holds more than its window.
TEST_F(AsioLaneTest, AFullWindowHoldsTheSenderBack) {
    open();
    const std::string content = noise(limits::payload_piece);
    std::atomic<std::uint64_t> sent = 0;
    auto sending = std::async(std::launch::async, [&] {
        for (std::uint64_t i = 0; i < 400; ++i) {
            send(*ours_->bulk[0], ContentData{i, content});
            ++sent;
        }
    });
    // Stands still: two windows and what the kernel's buffers take.
    std::uint64_t last = 1;
    for (int same = 0; same < 20; std::this_thread::sleep_for(std::chrono::milliseconds(20))) {
        same = sent == last ? same + 1 : 0;
        last = sent;
    }
    EXPECT_LT(last, 400U);
    EXPECT_LE(ours_->bulk[0]->unsent_bytes(), limits::lane_window);
    for (std::uint64_t i = 0; i < 400; ++i) {
        ASSERT_EQ(from_frame<ContentData>(*theirs_->bulk[0]->receive(soon)).transfer, i);
    }
    sending.get();
}

TEST_F(AsioLaneTest, CloseWakesASenderThatWaits) {
    open();
    const std::string content = noise(limits::payload_piece);
    auto sending = std::async(std::launch::async, [&] {
        for (;;) {
            send(*ours_->bulk[0], ContentData{0, content});
        }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ours_->bulk[0]->close(Error(ErrorCode::cancelled, "enough"));
    EXPECT_THROW(sending.get(), Error);
}

TEST_F(AsioLaneTest, WhatCameBeforeACloseIsStillHandedOut) {
    const auto peer = open_raw();
    FrameEncoder encoder({CompressionChoice::Mode::none, 0});
    std::string bytes;
    for (std::uint64_t i = 0; i < 10; ++i) {
        bytes += encoder.encode(to_frame(Ping{i, {}}));
    }
    peer->write(bytes + encoder.encode(to_frame(Goodbye{"CANCELLED: the agent stops"})));
    for (std::uint64_t i = 0; i < 10; ++i) {
        EXPECT_EQ(from_frame<Ping>(*theirs_->control->receive(soon)).number, i);
    }
    const Error error = wait_closed(*theirs_->control);
    EXPECT_EQ(error.code(), ErrorCode::connection_lost);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "CANCELLED: the agent stops", error.message());
}

TEST_F(AsioLaneTest, WhatWasQueuedBeforeACloseIsStillSent) {
    const auto peer = open_raw();
    for (std::uint64_t i = 0; i < 10; ++i) {
        send(*theirs_->control, Ping{i, {}});
    }
    theirs_->control->close(Error(ErrorCode::cancelled, "the agent stops"));
    for (std::uint64_t i = 0; i < 10; ++i) {
        EXPECT_EQ(from_frame<Ping>(peer->read()).number, i);
    }
    EXPECT_EQ(from_frame<Goodbye>(peer->read()).reason, "CANCELLED: the agent stops");
}

TEST_F(AsioLaneTest, ReceiveGivesUpAfterItsTimeout) {
    open();
    EXPECT_FALSE(ours_->control->receive(Duration::from_ms(1)));
    EXPECT_FALSE(ours_->control->is_closed());
}

TEST_F(AsioLaneTest, SilenceClosesTheControlLane) {
    listen_options_.silence = Duration::from_ms(200);
    const auto peer = open_raw();
    const Error error = wait_closed(*theirs_->control);
    EXPECT_EQ(error.code(), ErrorCode::connection_lost);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "nothing was heard from east", error.message());
}

TEST_F(AsioLaneTest, APeerThatVanishesIsAnError) {
    open_raw().reset();
    const Error error = wait_closed(*theirs_->control);
    EXPECT_EQ(error.code(), ErrorCode::connection_lost);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "east", error.message());
    EXPECT_EQ(wait_closed(*theirs_->bulk[0]).code(), ErrorCode::connection_lost);
}

TEST_F(AsioLaneTest, AFrameOverTheLimitClosesTheSession) {
    const auto peer = open_raw();
    FrameHeader header;
    header.kind = MessageKind::ping;
    header.wire_bytes = header.body_bytes = limits::frame_body + 1;
    peer->write(write_frame_header(header));
    const Error error = wait_closed(*theirs_->control);
    EXPECT_EQ(error.code(), ErrorCode::too_large);
    // And the peer is told why.
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "TOO_LARGE",
                        from_frame<Goodbye>(peer->read()).reason);
}

TEST_F(AsioLaneTest, ABadChecksumClosesTheSession) {
    const auto peer = open_raw();
    std::string bytes =
        FrameEncoder({CompressionChoice::Mode::none, 0}).encode(to_frame(Ping{1, {}}));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    peer->write(bytes);
    EXPECT_EQ(wait_closed(*theirs_->control).code(), ErrorCode::bad_checksum);
}

TEST_F(AsioLaneTest, LanesOutliveTheNetworkClosed) {
    auto network = std::make_unique<Network>();
    listen_tls_ = std::make_unique<TlsContext>(certificates().material("west"));
    dial_tls_ = std::make_unique<TlsContext>(certificates().material("east"));
    ListenOptions options = listen_options_;
    options.address = "127.0.0.1:0";
    options.stream = StreamName("shop");
    auto listener =
        std::make_unique<Listener>(*network, *listen_tls_, clock_, options,
                                   [](const Hello&, const AgentName&) { return make_welcome(); });
    auto dialer = std::make_unique<Dialer>(
        *network, *dial_tls_, clock_, [this](std::size_t n) { return random_.bytes(n); },
        DialOptions{});
    const auto session = dialer->dial(west, address_of(*listener), make_hello());
    listener.reset();
    dialer.reset();
    network.reset();
    EXPECT_TRUE(session->control->is_closed());
    // By the network's end, or by the other end's, whichever came first.
    EXPECT_NE(wait_closed(*session->control).code(), ErrorCode::internal);
}

}  // namespace
}  // namespace farshore::connection
