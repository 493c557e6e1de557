#pragma once
// A CA of the stream's own and the agents' certificates under it, as PEM texts: for `init`.

#include <string>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::connection {

// A certificate and its private key (PKCS #8), both PEM.
struct CertificatePair {
    std::string certificate;
    std::string key;
};

// EC P-256, 10 years from `now`. The name only tells CAs apart when somebody reads them.
[[nodiscard]] CertificatePair make_ca(const std::string& name, Timestamp now);
// EC P-256, 2 years from `now` (not longer than the CA), for both ends of a TLS connection. Subject
// and first alternative name: the agent; then `hosts`, names or addresses.
// Throws Error(bad_key) when `ca` is not a CA's pair.
[[nodiscard]] CertificatePair make_agent_certificate(const CertificatePair& ca,
                                                     const AgentName& agent,
                                                     const std::vector<std::string>& hosts,
                                                     Timestamp now);

}  // namespace farshore::connection
