#pragma once
// TLS 1.3 with certificates at both ends, and what its failures mean in words.

#include <cstdint>
#include <set>
#include <string>

#include "agent/config/config.hpp"
#include "agent/connection/asio.hpp"
#include "protocol/error.hpp"
#include "protocol/time.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::connection {

// PEM texts.
struct TlsMaterial {
    std::string ca;
    std::string certificate;  // the agent's own, then intermediate ones if there are any
    std::string key;
    // Where they came from, for messages.
    std::string ca_file = "the CA's file";
    std::string certificate_file = "the certificate's file";
    std::string key_file = "the key's file";
};

// Error(bad_key) when the key can be read by others than its owner (and the group of root), or any
// of the files can't be read.
[[nodiscard]] TlsMaterial load_tls_material(storage::FileSystem& files, const config::Tls& paths);

// Invariants: only TLS 1.3 is spoken; a peer without a certificate of the pinned CA never gets
// through a handshake; sessions are never resumed, so each connection is checked anew.
class TlsContext {
  public:
    // Throws Error(bad_key) when the texts are not a CA, a certificate and its key.
    explicit TlsContext(const TlsMaterial& material);

    [[nodiscard]] asio::ssl::context& context() { return context_; }
    // The common name and the DNS names of our own certificate.
    [[nodiscard]] const std::set<std::string>& own_names() const { return own_names_; }
    // When the first of our certificate and the CA's ends.
    [[nodiscard]] Timestamp expires() const { return expires_; }
    // Whole days until then; below 0 when it is over.
    [[nodiscard]] std::int64_t days_left(Timestamp now) const;

  private:
    asio::ssl::context context_;
    std::set<std::string> own_names_;
    Timestamp expires_;
};

// The names in the certificate of the peer, after a handshake.
[[nodiscard]] std::set<std::string> peer_names(TlsStream& stream);
// What went wrong with TLS, at this end or, by its alert, at the other: Error(tls_failed), or
// connection_lost where it was no matter of TLS. `peer` names the other end.
[[nodiscard]] Error tls_failure(TlsStream& stream, const boost::system::error_code& error,
                                const std::string& peer);

}  // namespace farshore::connection
