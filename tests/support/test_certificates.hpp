#pragma once
// Certificates of a throw-away CA, made once for a process; the right ones and the wrong ones.

#include <memory>
#include <string>

#include "agent/connection/certificates.hpp"
#include "agent/connection/tls_context.hpp"

namespace farshore::test {

// A CA and the agents "east" and "west" under it.
class TestCertificates {
  public:
    // now: the certificates begin an hour before.
    explicit TestCertificates(Timestamp now, const std::string& ca_name = "test CA");

    [[nodiscard]] const connection::CertificatePair& ca() const { return ca_; }
    // What the agent `name` of this CA configures.
    [[nodiscard]] connection::TlsMaterial material(const std::string& name) const;
    // The same, with a certificate that was made at `made` (long ago: expired).
    [[nodiscard]] connection::TlsMaterial material(const std::string& name, Timestamp made) const;

  private:
    Timestamp now_;
    connection::CertificatePair ca_;
};

}  // namespace farshore::test
