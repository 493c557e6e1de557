#pragma once
// TLS 1.3 with certificates at both ends, and what its failures mean in words.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "agent/config/config.hpp"
#include "agent/connection/asio.hpp"
#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"
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
// through a handshake; sessions are never resumed, so each connection is checked anew. Thread-safe.
class TlsContext {
  public:
    // Throws Error(bad_key) when the texts are not a CA, a certificate and its key.
    explicit TlsContext(const TlsMaterial& material);
    ~TlsContext();

    // For the handshakes that begin from now on. Throws as the constructor does, and then nothing
    // has changed.
    void replace(const TlsMaterial& material);

    // For a stream, which keeps what it needs of it.
    [[nodiscard]] std::shared_ptr<asio::ssl::context> context() const;
    // The common name and the DNS names of our own certificate.
    [[nodiscard]] std::set<std::string> own_names() const;
    // Why peers refuse our certificate at `now`, if they do: it bears another name than the
    // agent's (wrong_peer), is not from our CA (tls_failed), is not valid yet (tls_failed) or no
    // more (certificate_expired).
    [[nodiscard]] std::optional<Error> objection(const AgentName& agent, Timestamp now) const;
    // When the first of our certificate and the CA's ends.
    [[nodiscard]] Timestamp expires() const;
    // The file of the one that ends first.
    [[nodiscard]] std::string first_to_expire() const;
    // Whole days until then; below 0 when it is over.
    [[nodiscard]] std::int64_t days_left(Timestamp now) const;

  private:
    struct Loaded;
    [[nodiscard]] std::shared_ptr<Loaded> loaded() const;

    mutable std::mutex mutex_;
    std::shared_ptr<Loaded> loaded_;
};

// The names in the certificate of the peer, after a handshake.
[[nodiscard]] std::set<std::string> peer_names(TlsStream& stream);
// What went wrong with TLS, at this end or, by its alert, at the other: Error(tls_failed), or
// connection_lost where it was no matter of TLS. `peer` names the other end.
[[nodiscard]] Error tls_failure(TlsStream& stream, const boost::system::error_code& error,
                                const std::string& peer);

}  // namespace farshore::connection
