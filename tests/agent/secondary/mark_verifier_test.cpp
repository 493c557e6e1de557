#include "agent/secondary/mark_verifier.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/sample_evidence.hpp"

namespace farshore::secondary {
namespace {

ExpectedMarks expected() {
    return {StreamName("shop"), Epoch(1), AgentName("app-east")};
}

std::string sealed(const Mark& mark, const SigningKey& key) {
    return seal_envelope(payload_type::mark, to_payload(mark), key);
}

std::optional<ErrorCode> refusal(const std::function<void()>& deed) {
    try {
        deed();
    } catch (const Error& error) {
        return error.code();
    }
    return std::nullopt;
}

std::optional<ErrorCode> refusal_of(const std::string& envelope, const ExpectedMarks& of) {
    return refusal([&] { (void)verify_mark(envelope, test::shop_trust(), of); });
}

TEST(MarkVerifier, AMarkOfThisSessionIsKeptAsItCame) {
    const std::string envelope = test::sample_mark_envelope();
    const VerifiedMark verified = verify_mark(envelope, test::shop_trust(), expected());
    EXPECT_EQ(verified.mark, test::sample_mark());
    EXPECT_EQ(verified.stored.mark, MarkNumber(1));
    EXPECT_EQ(verified.stored.envelope, envelope);
    EXPECT_EQ(verified.stored.digest, sha256(to_payload(test::sample_mark())));
}

TEST(MarkVerifier, AMarkOfAnotherStreamEpochOrAgentIsRefused) {
    const std::string envelope = test::sample_mark_envelope();
    ExpectedMarks other = expected();
    other.stream = StreamName("bank");
    EXPECT_EQ(refusal_of(envelope, other), ErrorCode::chain_broken);
    other = expected();
    other.epoch = Epoch(2);
    EXPECT_EQ(refusal_of(envelope, other), ErrorCode::chain_broken);
    other = expected();
    other.primary = AgentName("app-west");
    EXPECT_EQ(refusal_of(envelope, other), ErrorCode::chain_broken);
}

TEST(MarkVerifier, AnotherTrustedAgentCannotSignForThePrimary) {
    EXPECT_EQ(refusal_of(sealed(test::sample_mark(), test::west_key()), expected()),
              ErrorCode::chain_broken);
    Mark of_west = test::sample_mark();
    of_west.agent = AgentName("app-west");
    EXPECT_EQ(refusal_of(sealed(of_west, test::east_key()), expected()), ErrorCode::chain_broken);
}

TEST(MarkVerifier, AKeyThatIsNotTrustedIsRefused) {
    EXPECT_EQ(refusal_of(sealed(test::sample_mark(), test::test_key('X')), expected()),
              ErrorCode::untrusted);
}

TEST(MarkVerifier, AKeyCountsOnlyWhileItIsValid) {
    const auto refused_with = [](Timestamp until) {
        TrustSet trust(StreamName("shop"));
        trust.add({AgentName("app-east"), test::east_key().public_key(), std::nullopt, until});
        return refusal([&] { (void)verify_mark(test::sample_mark_envelope(), trust, expected()); });
    };
    EXPECT_EQ(refused_with(test::sample_time()), ErrorCode::untrusted);
    EXPECT_EQ(refused_with(test::sample_time() + Duration{1}), std::nullopt);
}

TEST(MarkVerifier, AnotherKindOfEvidenceIsNoMark) {
    const std::string envelope =
        seal_envelope(payload_type::receipt, to_payload(test::sample_mark()), test::east_key());
    EXPECT_NE(refusal_of(envelope, expected()), std::nullopt);
}

TEST(MarkVerifier, MarksFollowOneAnotherWithoutAGap) {
    EXPECT_TRUE(follows(MarkNumber(6), MarkNumber(7), false));
    EXPECT_FALSE(follows(MarkNumber(7), MarkNumber(7), false));
    EXPECT_FALSE(follows(MarkNumber(7), MarkNumber(3), false));
    EXPECT_EQ(refusal([] { (void)follows(MarkNumber(6), MarkNumber(8), false); }),
              ErrorCode::chain_broken);
}

TEST(MarkVerifier, AnyMarkMayBeTheFirst) {
    EXPECT_TRUE(follows(MarkNumber(0), MarkNumber(1841), false));
}

TEST(MarkVerifier, AGapIsNoFaultWhereEverythingIsTold) {
    EXPECT_TRUE(follows(MarkNumber(6), MarkNumber(8), true));
    EXPECT_FALSE(follows(MarkNumber(6), MarkNumber(6), true));
}

}  // namespace
}  // namespace farshore::secondary
