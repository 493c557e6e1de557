#pragma once
// A secondary's side: accepts the lanes of primaries and hands out complete sessions.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/connection/handshake_faults.hpp"
#include "agent/connection/network.hpp"
#include "agent/connection/session.hpp"
#include "agent/connection/tls_context.hpp"
#include "protocol/compression.hpp"

namespace farshore::connection {

struct ListenOptions {
    std::string address;           // HOST:PORT
    StreamName stream;             // a peer of another one is refused
    std::vector<AgentName> peers;  // who may come
    CompressionChoice compression;
    Duration silence = Duration::from_ms(15'000);            // of the control lane
    Duration handshake_timeout = Duration::from_ms(10'000);  // of a lane, and of all of them
    std::size_t most_handshakes = 64;                        // at the same time
};

// What we tell a control lane's Hello, once TLS, name, stream and version are right; `version` is
// filled in. May block for a moment (it has a thread of its own, one call at a time). An Error it
// throws goes to the peer as a Refusal.
using Answer = std::function<Welcome(const Hello& hello, const AgentName& peer)>;

// Invariants: a peer has one session at most: before a new one's Hello is answered, the older one
// is closed. A session is handed out when all its lanes are there, and only once.
// When the destructor has returned, `answer`, clock and TLS context are not used any more; sessions
// that were handed out live on. Not to be destroyed on the network thread.
class Listener {
  public:
    // Throws Error(bad_config) for a bad address, Error(io) when the port can't be had.
    Listener(Network& network, TlsContext& tls, Clock& clock, ListenOptions options, Answer answer);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // The next session, or nullptr after `timeout`.
    [[nodiscard]] std::shared_ptr<Session> accept(Duration timeout);
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] HandshakeFaults& faults();

  private:
    class Core;
    std::shared_ptr<Core> core_;
};

}  // namespace farshore::connection
