#pragma once
// The first frames of a connection, before it is a lane. Coroutines of the network thread; what
// goes wrong is thrown as Error.

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "agent/connection/address.hpp"
#include "agent/connection/asio.hpp"
#include "agent/connection/network.hpp"
#include "agent/connection/tls_context.hpp"
#include "protocol/frame.hpp"
#include "protocol/message_session.hpp"

namespace farshore::connection {

// Invariants: what is waited for ends soon after abort() or expire(); then each call throws the
// reason that was given first. For the network thread.
class Handshake : public Abortable {
  public:
    // peer: for messages.
    Handshake(std::shared_ptr<asio::io_context> context, TlsContext& tls, std::string peer);

    [[nodiscard]] TlsStream& stream() { return *stream_; }
    [[nodiscard]] const std::string& peer() const { return peer_; }
    // From now on messages name the other end so.
    void set_peer(std::string peer) { peer_ = std::move(peer); }

    asio::awaitable<void> connect(const Address& address);
    asio::awaitable<void> shake_hands(asio::ssl::stream_base::handshake_type side);
    asio::awaitable<void> write(const Frame& frame);
    asio::awaitable<Frame> read();
    // Says why, and waits until the other end has heard it or a second is over. Never throws.
    asio::awaitable<void> refuse(const Error& reason);
    // Waits until the other end has gone or a second is over, so that a TLS alert or a Refusal that
    // is under way is not destroyed by our closing. Never throws.
    asio::awaitable<void> linger();

    void abort() override;
    void expire(const Error& reason);
    // The connection, for a lane; the handshake is over.
    [[nodiscard]] std::unique_ptr<TlsStream> release() { return std::move(stream_); }
    [[nodiscard]] bool is_released() const { return stream_ == nullptr; }

  private:
    // Throws what a failed call means.
    [[noreturn]] void fail(const boost::system::error_code& error, const char* deed);

    std::shared_ptr<asio::io_context> context_;
    std::unique_ptr<TlsStream> stream_;
    tcp::resolver resolver_;
    std::string peer_;
    std::optional<Error> ended_;
};

// The version to speak and the rest of a Hello. Throws Error(bad_version) before anything that only
// a version tells how to read.
[[nodiscard]] std::pair<Hello, std::uint16_t> read_hello(const Frame& frame);
// The Welcome, or throws the peer's Refusal as an Error, its message naming `peer`.
[[nodiscard]] Welcome read_welcome(const Frame& frame, const std::string& peer);
// Small frames go out at once, and the kernel asks a silent connection whether it is still there.
void set_options(TlsStream& stream);

}  // namespace farshore::connection
