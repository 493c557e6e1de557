#include "agent/connection/certificates.hpp"

#include <gtest/gtest.h>

#include "agent/connection/tls_context.hpp"

namespace farshore::connection {
namespace {

constexpr std::int64_t day = 24LL * 60 * 60 * 1'000'000'000;
const Timestamp made_at{20'000 * day};

TEST(Certificates, AnAgentsNamesAndDays) {
    const CertificatePair ca = make_ca("shop CA", made_at);
    const CertificatePair pair = make_agent_certificate(
        ca, AgentName("app-west"), {"west.example.net", "192.0.2.7", "2001:db8::7"}, made_at);
    const TlsContext tls({ca.certificate, pair.certificate, pair.key});
    EXPECT_EQ(tls.own_names(), (std::set<std::string>{"app-west", "west.example.net"}));
    EXPECT_EQ(tls.days_left(made_at), 729);  // two years, less the hour that it is dated back
    EXPECT_EQ(tls.days_left({made_at.nanoseconds + 731 * day}), -2);
}

TEST(Certificates, NeverLongerThanTheirCa) {
    const CertificatePair ca = make_ca("shop CA", {made_at.nanoseconds - 3'600 * day});
    const CertificatePair pair = make_agent_certificate(ca, AgentName("west"), {}, made_at);
    EXPECT_EQ(TlsContext({ca.certificate, pair.certificate, pair.key}).days_left(made_at), 49);
}

TEST(Certificates, KeysAndSerialsDiffer) {
    const CertificatePair ca = make_ca("shop CA", made_at);
    const auto one = make_agent_certificate(ca, AgentName("west"), {}, made_at);
    const auto two = make_agent_certificate(ca, AgentName("west"), {}, made_at);
    EXPECT_NE(one.key, two.key);
    EXPECT_NE(one.certificate, two.certificate);
}

TEST(Certificates, WhatIsNoCaOrNoHost) {
    const CertificatePair ca = make_ca("shop CA", made_at);
    const CertificatePair other = make_ca("other CA", made_at);
    EXPECT_THROW(static_cast<void>(make_agent_certificate({ca.certificate, other.key},
                                                          AgentName("west"), {}, made_at)),
                 Error);
    for (const char* host : {"", "a,DNS:b", "a b", "a\nb"}) {
        EXPECT_THROW(
            static_cast<void>(make_agent_certificate(ca, AgentName("west"), {host}, made_at)),
            Error)
            << host;
    }
}

}  // namespace
}  // namespace farshore::connection
