#include "protocol/trust.hpp"

#include <gtest/gtest.h>

#include "protocol/error.hpp"
#include "tests/support/test_keys.hpp"

namespace farshore {
namespace {

TEST(Trust, FindsKeysByTheirId) {
    const TrustSet trust = test::shop_trust();
    const TrustedKey* const east = trust.find(test::east_key().public_key().key_id());
    ASSERT_NE(east, nullptr);
    EXPECT_EQ(east->agent.str(), "app-east");
    EXPECT_EQ(trust.find("x"), nullptr);
    EXPECT_TRUE(trust.has_agent(AgentName("app-west")));
    EXPECT_FALSE(trust.has_agent(AgentName("app-north")));
}

TEST(Trust, AKeyIsListedOnce) {
    TrustSet trust = test::shop_trust();
    EXPECT_THROW(trust.add({AgentName("app-north"), test::east_key().public_key(), {}, {}}), Error);
    // Another key of a known agent is a rotation.
    trust.add({AgentName("app-east"), test::test_key('F').public_key(), {}, {}});
    EXPECT_EQ(trust.keys().size(), 3U);
}

TEST(Trust, ValidFromTheFirstMomentToBeforeTheLast) {
    const TrustedKey key{AgentName("a"), test::east_key().public_key(), Timestamp{10},
                         Timestamp{20}};
    EXPECT_FALSE(key.is_valid_at({9}));
    EXPECT_TRUE(key.is_valid_at({10}));
    EXPECT_TRUE(key.is_valid_at({19}));
    EXPECT_FALSE(key.is_valid_at({20}));
    TrustSet trust(StreamName("shop"));
    EXPECT_THROW(trust.add({AgentName("a"), key.key, Timestamp{20}, Timestamp{20}}), Error);
}

TEST(TrustSet, WhatWasFoundStaysWhenTheKeysAreReplaced) {
    TrustSet trust = test::shop_trust();
    const std::string id = test::east_key().public_key().key_id();
    const TrustedKey* const east = trust.find(id);
    ASSERT_NE(east, nullptr);
    TrustSet others(trust.stream());
    const SigningKey key = SigningKey::generate();
    others.add({AgentName("app-north"), key.public_key(), std::nullopt, std::nullopt});
    trust.replace(others);
    EXPECT_EQ(trust.find(id), nullptr);
    EXPECT_NE(trust.find(key.public_key().key_id()), nullptr);
    EXPECT_TRUE(trust.has_agent(AgentName("app-north")));
    EXPECT_EQ(east->key, test::east_key().public_key());
}

}  // namespace
}  // namespace farshore
