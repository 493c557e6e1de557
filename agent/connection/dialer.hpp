#pragma once
// The primary's side: makes sessions with secondaries.

#include <functional>
#include <memory>
#include <string>

#include "agent/connection/handshake_faults.hpp"
#include "agent/connection/network.hpp"
#include "agent/connection/session.hpp"
#include "agent/connection/tls_context.hpp"
#include "agent/runtime/stop_token.hpp"
#include "protocol/compression.hpp"

namespace farshore::connection {

using SessionPtr = std::shared_ptr<Session>;
// So many random bytes.
using RandomBytes = std::function<std::string(std::size_t)>;

struct DialOptions {
    CompressionChoice compression;
    Duration connect_timeout = Duration::from_ms(10'000);  // for each lane, to its Welcome
    Duration silence = Duration::from_ms(15'000);          // of the control lane
};

// Blocking and thread-safe: each peer's thread dials by itself.
class Dialer {
  public:
    Dialer(Network& network, TlsContext& tls, Clock& clock, RandomBytes random,
           DialOptions options);

    // `hello` says stream, agent, epoch, boot id, sources and bulk_lanes; the rest of it (versions,
    // session id, which lane) is filled in. Opens the control lane, then all others at once.
    // Throws Error: connection_lost (refused, unresolved, cut off), timeout, tls_failed,
    // wrong_peer, bad_version, cancelled by `stop`, or the code and message of the peer's Refusal.
    [[nodiscard]] SessionPtr dial(const AgentName& peer, const std::string& address, Hello hello,
                                  const runtime::StopToken& stop = {});

    [[nodiscard]] HandshakeFaults& faults() { return faults_; }

  private:
    class Attempt;

    SessionPtr open_session(const std::shared_ptr<Attempt>& attempt, Hello hello);

    Network& network_;
    TlsContext& tls_;
    RandomBytes random_;
    DialOptions options_;
    HandshakeFaults faults_;
};

}  // namespace farshore::connection
