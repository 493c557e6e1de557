#include "tests/support/test_certificates.hpp"

namespace farshore::test {

TestCertificates::TestCertificates(Timestamp now, const std::string& ca_name)
    : now_(now), ca_(connection::make_ca(ca_name, now)) {}

connection::TlsMaterial TestCertificates::material(const std::string& name) const {
    return material(name, now_);
}

connection::TlsMaterial TestCertificates::material(const std::string& name, Timestamp made) const {
    const auto pair = connection::make_agent_certificate(ca_, AgentName(name), {"localhost"}, made);
    return {ca_.certificate, pair.certificate, pair.key};
}

}  // namespace farshore::test
