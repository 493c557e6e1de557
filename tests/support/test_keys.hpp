#pragma once
// Signing keys that are the same in every run: Ed25519 signatures over the same bytes are too, so
// recorded evidence can be compared.

#include <string>

#include "protocol/base64.hpp"
#include "protocol/signing.hpp"
#include "protocol/trust.hpp"

namespace farshore::test {

// The key whose 32 secret bytes are these.
inline SigningKey key_of_seed(const std::string& seed) {
    // PKCS #8 of an Ed25519 key (RFC 8410, section 7): a fixed head, then the secret.
    static const std::string head(
        "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
    return SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\n" + to_base64(head + seed) +
                                "\n-----END PRIVATE KEY-----\n");
}

// The key whose 32 secret bytes are all `byte`.
inline SigningKey test_key(char byte) {
    return key_of_seed(std::string(32, byte));
}

inline SigningKey east_key() {
    return test_key('E');
}
inline SigningKey west_key() {
    return test_key('W');
}

// Stream "shop" with agents "app-east" and "app-west".
inline TrustSet shop_trust() {
    TrustSet trust(StreamName("shop"));
    trust.add({AgentName("app-east"), east_key().public_key(), std::nullopt, std::nullopt});
    trust.add({AgentName("app-west"), west_key().public_key(), std::nullopt, std::nullopt});
    return trust;
}

}  // namespace farshore::test
