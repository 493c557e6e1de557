#include "protocol/envelope.hpp"

#include <gtest/gtest.h>

#include "protocol/base64.hpp"
#include "tests/support/test_keys.hpp"

namespace farshore {
namespace {

const std::string payload = R"({"a":1})";

std::string sealed() {
    return seal_envelope(payload_type::mark, payload, test::east_key());
}

ErrorCode refusal(const std::string& text, std::string_view type = payload_type::mark) {
    const Result<OpenedEnvelope> opened = open_envelope(text, type, test::shop_trust());
    EXPECT_FALSE(opened.ok()) << text;
    return opened ? ErrorCode::internal : opened.error().code();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// The example of the DSSE protocol's document.
TEST(Envelope, SignsThePreAuthenticationEncoding) {
    EXPECT_EQ(pre_authentication_encoding("http://example.com/HelloWorld", "hello world"),
              "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    EXPECT_EQ(pre_authentication_encoding("", ""), "DSSEv1 0  0 ");
}

TEST(Envelope, OpensWhatWasSealed) {
    const Result<OpenedEnvelope> opened =
        open_envelope(sealed(), payload_type::mark, test::shop_trust());
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened.value().payload, payload);
    EXPECT_EQ(opened.value().signer.agent.str(), "app-east");
    EXPECT_EQ(opened.value().payload_digest(), sha256(payload));
    EXPECT_EQ(read_envelope_payload(sealed(), payload_type::mark).value(), payload);
    EXPECT_EQ(sealed(), sealed());
}

TEST(Envelope, RefusesWhatIsAltered) {
    const std::string text = sealed();
    EXPECT_EQ(refusal(replaced(text, to_base64(payload), to_base64(R"({"a":2})"))),
              ErrorCode::bad_signature);
    EXPECT_EQ(refusal(text, payload_type::receipt), ErrorCode::malformed);
    // The type is signed too: a mark's payload can't be passed off as a receipt's.
    EXPECT_EQ(refusal(replaced(text, "mark.v1", "receipt.v1"), payload_type::receipt),
              ErrorCode::bad_signature);
    EXPECT_EQ(refusal(replaced(text, test::east_key().public_key().key_id(),
                               test::west_key().public_key().key_id())),
              ErrorCode::bad_signature);
    EXPECT_EQ(refusal(seal_envelope(payload_type::mark, payload, test::test_key('X'))),
              ErrorCode::untrusted);
}

TEST(Envelope, RefusesEveryFlippedBit) {
    const std::string text = sealed();
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string altered = text;
            altered[i] = static_cast<char>(altered[i] ^ (1U << bit));
            ASSERT_FALSE(open_envelope(altered, payload_type::mark, test::shop_trust()).ok())
                << i << " " << bit;
        }
    }
}

TEST(Envelope, RefusesOtherForms) {
    const std::string text = sealed();
    EXPECT_EQ(refusal(replaced(text, "]}", R"(],"x":1})")), ErrorCode::malformed);
    EXPECT_EQ(refusal(replaced(text, "\"signatures\":[", "\"signatures\":[{},")),
              ErrorCode::malformed);
    EXPECT_EQ(refusal(replaced(text, "\"keyid\"", "\"x\":1,\"keyid\"")), ErrorCode::malformed);
    EXPECT_EQ(refusal(replaced(text, "{\"payload\"", "{\"payload\":\"\",\"payload\"")),
              ErrorCode::malformed);
    EXPECT_EQ(refusal(text + text), ErrorCode::malformed);
    EXPECT_EQ(refusal(""), ErrorCode::malformed);
    EXPECT_EQ(refusal("[]"), ErrorCode::malformed);
    EXPECT_EQ(open_envelope(text, payload_type::mark, test::shop_trust(), std::nullopt, 10)
                  .error()
                  .code(),
              ErrorCode::too_large);
}

TEST(Envelope, KeysCountOnlyInTheirTime) {
    TrustSet trust(StreamName("shop"));
    trust.add(
        {AgentName("app-east"), test::east_key().public_key(), Timestamp{100}, Timestamp{200}});
    EXPECT_TRUE(open_envelope(sealed(), payload_type::mark, trust, Timestamp{100}).ok());
    EXPECT_EQ(open_envelope(sealed(), payload_type::mark, trust, Timestamp{99}).error().code(),
              ErrorCode::untrusted);
    EXPECT_EQ(open_envelope(sealed(), payload_type::mark, trust, Timestamp{200}).error().code(),
              ErrorCode::untrusted);
}

}  // namespace
}  // namespace farshore
