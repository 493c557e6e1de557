#include "protocol/signing.hpp"

#include <gtest/gtest.h>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "tests/support/test_keys.hpp"

namespace farshore {
namespace {

std::string bytes_of_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

// RFC 8032, section 7.1, tests 1 and 2.
TEST(Signing, HasTheExamplesOfRfc8032) {
    const SigningKey first = test::key_of_seed(
        bytes_of_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    EXPECT_EQ(first.public_key().raw(),
              bytes_of_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
    EXPECT_EQ(
        first.sign(""),
        bytes_of_hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb88215"
                     "90a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
    const SigningKey second = test::key_of_seed(
        bytes_of_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    EXPECT_EQ(
        second.sign("\x72"),
        bytes_of_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e4"
                     "3e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
}

TEST(Signing, VerifiesOnlyTheMessageThatWasSigned) {
    const SigningKey key = SigningKey::generate();
    const std::string signature = key.sign("message");
    EXPECT_TRUE(key.public_key().verify("message", signature));
    EXPECT_FALSE(key.public_key().verify("messagf", signature));
    EXPECT_FALSE(key.public_key().verify("message", signature.substr(1)));
    EXPECT_FALSE(key.public_key().verify("message", ""));
    EXPECT_FALSE(SigningKey::generate().public_key().verify("message", signature));
    for (std::size_t i = 0; i < signature.size(); ++i) {
        std::string altered = signature;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        EXPECT_FALSE(key.public_key().verify("message", altered)) << i;
    }
}

TEST(Signing, KeysSurviveTheirText) {
    const SigningKey key = SigningKey::generate();
    const SigningKey again = SigningKey::from_pem(key.to_pem());
    EXPECT_EQ(again.public_key(), key.public_key());
    EXPECT_EQ(again.sign("x"), key.sign("x"));
    EXPECT_EQ(PublicKey::from_base64_text(key.public_key().base64()), key.public_key());
    EXPECT_EQ(key.public_key().key_id(), sha256(key.public_key().raw()).hex());
    EXPECT_TRUE(key.to_pem().starts_with("-----BEGIN PRIVATE KEY-----"));
    EXPECT_TRUE(key.public_key().to_pem().starts_with("-----BEGIN PUBLIC KEY-----"));
}

TEST(Signing, RefusesWhatIsNotAKey) {
    const std::string rsa_like =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhsc"
        "HR4f\n-----END PRIVATE KEY-----\n";  // X25519
    for (const std::string& text :
         {std::string(), std::string("key"), rsa_like, std::string(20'000, 'x'),
          SigningKey::generate().public_key().to_pem()}) {
        try {
            (void)SigningKey::from_pem(text);
            ADD_FAILURE() << "accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_key);
        }
    }
    EXPECT_FALSE(PublicKey::from_raw(std::string(31, 'x')).has_value());
    EXPECT_FALSE(PublicKey::from_base64_text("AAAA").has_value());
}

TEST(SigningKey, CopiesSignWithWhatReplacedIt) {
    SigningKey key = SigningKey::generate();
    const SigningKey copy = key;
    const SigningKey as_it_was = key.current();
    const SigningKey other = SigningKey::generate();
    key.replace(other);
    EXPECT_EQ(copy.public_key(), other.public_key());
    EXPECT_TRUE(other.public_key().verify("message", copy.sign("message")));
    EXPECT_NE(as_it_was.public_key(), other.public_key());
    EXPECT_TRUE(as_it_was.public_key().verify("message", as_it_was.sign("message")));
}

}  // namespace
}  // namespace farshore
