#include "agent/connection/handshake.hpp"

#include <netinet/tcp.h>

#include <array>

#include "agent/connection/deadline.hpp"
#include "protocol/frame_codec.hpp"
#include "protocol/version.hpp"

namespace farshore::connection {

namespace {

constexpr Duration linger_time = Duration::from_ms(1'000);
// A dead host is noticed after 10 s + 3 * 5 s, where the control lane's silence has not shown it.
constexpr int keep_alive_idle_s = 10;
constexpr int keep_alive_interval_s = 5;
constexpr int keep_alive_count = 3;

auto redirect(boost::system::error_code& error) {
    return asio::redirect_error(asio::use_awaitable, error);
}

}  // namespace

Handshake::Handshake(std::shared_ptr<asio::io_context> context, TlsContext& tls, std::string peer)
    : context_(std::move(context)),
      stream_(std::make_unique<TlsStream>(*context_, *tls.context())),
      resolver_(*context_),
      peer_(std::move(peer)) {}

void Handshake::fail(const boost::system::error_code& error, const char* deed) {
    if (ended_) {
        throw Error(*ended_);
    }
    const bool is_tls = error.category() == asio::error::get_ssl_category();
    if (is_tls || error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        throw tls_failure(*stream_, error, peer_);
    }
    throw Error(ErrorCode::connection_lost,
                std::string("cannot ") + deed + " " + peer_ + ": " + error.message());
}

asio::awaitable<void> Handshake::connect(const Address& address) {
    boost::system::error_code error;
    const auto found = co_await resolver_.async_resolve(address.host, std::to_string(address.port),
                                                        redirect(error));
    if (error || ended_) {
        fail(error, "resolve");
    }
    co_await asio::async_connect(
        stream_->next_layer(), found,
        [this](const boost::system::error_code&, const auto&) { return !ended_; }, redirect(error));
    if (error || ended_) {
        fail(error, "connect to");
    }
    set_options(*stream_);
}

asio::awaitable<void> Handshake::shake_hands(asio::ssl::stream_base::handshake_type side) {
    boost::system::error_code error;
    co_await stream_->async_handshake(side, redirect(error));
    if (error || ended_) {
        fail(error, "shake hands with");
    }
}

asio::awaitable<void> Handshake::write(const Frame& frame) {
    const std::string bytes = FrameEncoder({CompressionChoice::Mode::none, 0}).encode(frame);
    boost::system::error_code error;
    co_await asio::async_write(*stream_, asio::buffer(bytes), redirect(error));
    if (error || ended_) {
        fail(error, "write to");
    }
}

// Exactly one frame: what follows it belongs to the lane.
asio::awaitable<Frame> Handshake::read() {
    boost::system::error_code error;
    std::array<char, frame_format::header_bytes> head;
    co_await asio::async_read(*stream_, asio::buffer(head), redirect(error));
    if (error || ended_) {
        fail(error, "read from");
    }
    WireFrame wire;
    wire.header = read_frame_header({head.data(), head.size()}).take();
    wire.body.resize(wire.header.wire_bytes);
    co_await asio::async_read(*stream_, asio::buffer(wire.body), redirect(error));
    if (error || ended_) {
        fail(error, "read from");
    }
    co_return FrameOpener().open(std::move(wire)).take();
}

asio::awaitable<void> Handshake::refuse(const Error& reason) {
    // A name for each: g++ 12 destroys temporaries of a co_await twice.
    const Refusal refusal{reason.code(), reason.message()};
    const Frame frame = to_frame(refusal);
    try {
        co_await write(frame);
        co_await linger();
    } catch (const Error&) {
        // The other end is gone; the reason is in our own record.
    }
}

asio::awaitable<void> Handshake::linger() {
    boost::system::error_code error;
    stream_->next_layer().shutdown(tcp::socket::shutdown_send, error);
    const Deadline deadline(*context_, linger_time, [this] { abort(); });
    std::array<char, limits::kib> ignored;
    while (!error && !ended_) {
        co_await stream_->next_layer().async_read_some(asio::buffer(ignored), redirect(error));
    }
}

void Handshake::abort() {
    expire(Error(ErrorCode::cancelled, "the attempt to reach " + peer_ + " was cancelled"));
}

void Handshake::expire(const Error& reason) {
    if (!ended_) {
        ended_ = reason;
    }
    resolver_.cancel();
    if (stream_) {
        boost::system::error_code ignored;
        stream_->lowest_layer().close(ignored);
    }
}

std::pair<Hello, std::uint16_t> read_hello(const Frame& frame) {
    if (frame.kind == MessageKind::refusal) {
        const auto refusal = from_frame<Refusal>(frame);
        throw Error(refusal.code, "the peer refused: " + refusal.message);
    }
    const VersionRange theirs = hello_versions(frame).take();
    const std::uint16_t version = choose_version(protocol_versions, theirs).take();
    return {from_frame<Hello>(frame), version};
}

Welcome read_welcome(const Frame& frame, const std::string& peer) {
    if (frame.kind == MessageKind::refusal) {
        const auto refusal = from_frame<Refusal>(frame);
        throw Error(refusal.code, peer + " refused: " + refusal.message);
    }
    return from_frame<Welcome>(frame);
}

void set_options(TlsStream& stream) {
    auto& socket = stream.next_layer();
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    using Idle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
    using Interval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
    using Count = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
    socket.set_option(Idle(keep_alive_idle_s), ignored);
    socket.set_option(Interval(keep_alive_interval_s), ignored);
    socket.set_option(Count(keep_alive_count), ignored);
}

}  // namespace farshore::connection
