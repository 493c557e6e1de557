#include "agent/primary/evidence_feed.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/evidence_world.hpp"

namespace farshore::primary {
namespace {

class EvidenceFeedTest : public testing::Test {
  protected:
    EvidenceFeedTest() {
        world_.run(3);
        world_.upload();
    }

    // What is sent to a secondary that holds the manifests up to `held`, until manifest 3 is.
    std::vector<std::string> sent_after(std::uint64_t held) {
        std::vector<std::string> keys;
        runtime::StopSource source;
        const std::string last = world_.manifest_key(3);
        EvidenceFeed feed(world_.store, {world_.stream, Epoch(1), world_.east},
                          [&](const std::string& key, const std::string& bytes) {
                              EXPECT_EQ(world_.store.objects.at(key), bytes);
                              keys.push_back(key);
                              if (key == last) {
                                  source.request_stop();
                              }
                          });
        feed.run(Sequence(held), source.get_token());
        return keys;
    }

    test::EvidenceWorld world_;
};

TEST_F(EvidenceFeedTest, WhatAManifestNamesIsSentBeforeIt) {
    const std::vector<std::string> keys = sent_after(0);
    const auto place = [&](const std::string& key) {
        const auto found = std::find(keys.begin(), keys.end(), key);
        EXPECT_NE(found, keys.end()) << key;
        return found - keys.begin();
    };
    EXPECT_EQ(place(storage::make_key(storage::EpochKey{world_.stream, Epoch(1)})), 0);
    EXPECT_LT(place(world_.checkpoint_key(1)), place(world_.manifest_key(1)));
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
        EXPECT_LT(place(world_.changes_key(sequence)), place(world_.manifest_key(sequence)));
    }
    EXPECT_LT(place(world_.manifest_key(1)), place(world_.manifest_key(2)));
    EXPECT_LT(place(world_.manifest_key(2)), place(world_.manifest_key(3)));
}

// Whatever it says, it is no reason for the primary to end.
TEST(EvidenceHeld, AnAnswerThatIsNoNumberIsAnErrorOfThePeer) {
    EXPECT_EQ(parse_held("0"), Sequence());
    EXPECT_EQ(parse_held("17"), Sequence(17));
    for (const char* answer : {"", "x", "1 ", "-1", "99999999999999999999999"}) {
        try {
            (void)parse_held(answer);
            ADD_FAILURE() << answer;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::malformed) << answer;
        }
    }
}

TEST_F(EvidenceFeedTest, WhatTheSecondaryHoldsIsNotSentAgain) {
    const std::vector<std::string> keys = sent_after(2);
    EXPECT_EQ(std::count(keys.begin(), keys.end(), world_.manifest_key(2)), 0);
    EXPECT_EQ(std::count(keys.begin(), keys.end(), world_.changes_key(2)), 0);
    EXPECT_EQ(keys.back(), world_.manifest_key(3));
}

TEST_F(EvidenceFeedTest, AManifestIsNotSentWithoutWhatItNames) {
    world_.store.objects.erase(world_.changes_key(3));
    EXPECT_THROW((void)sent_after(2), Error);
}

}  // namespace
}  // namespace farshore::primary
