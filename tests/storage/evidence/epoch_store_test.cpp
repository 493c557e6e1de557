#include "storage/evidence/epoch_store.hpp"

#include <gtest/gtest.h>

#include "tests/support/memory_store.hpp"
#include "tests/support/test_keys.hpp"

namespace farshore::storage {
namespace {

class EpochStore : public testing::Test {
  protected:
    test::MemoryStore store_;
    TrustSet trust_ = test::shop_trust();
    AgentName east_{"app-east"};
    AgentName west_{"app-west"};

    ErrorCode refusal() {
        const Result<OpenedEpoch> read = read_epoch(store_, trust_, Epoch(1));
        EXPECT_FALSE(read.ok());
        return read ? ErrorCode::internal : read.error().code();
    }
};

TEST_F(EpochStore, TheFirstOneWins) {
    EXPECT_EQ(refusal(), ErrorCode::not_found);
    const OpenedEpoch opened =
        open_first_epoch(store_, trust_, east_, test::east_key(), Timestamp{10});
    EXPECT_EQ(opened.record.primary, east_);
    EXPECT_EQ(opened.key, "epochs/shop/00000001.json");
    // Again, later: the record that is there.
    const OpenedEpoch again =
        open_first_epoch(store_, trust_, east_, test::east_key(), Timestamp{20});
    EXPECT_EQ(again.digest, opened.digest);
    EXPECT_EQ(again.record.opened, Timestamp{10});
    try {
        (void)open_first_epoch(store_, trust_, west_, test::west_key(), Timestamp{30});
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::fenced);
    }
    EXPECT_EQ(read_epoch(store_, trust_, Epoch(1)).value().envelope, opened.envelope);
}

TEST_F(EpochStore, ALostAnswerDoesNotMatter) {
    store_.lose_answers = true;
    EXPECT_THROW((void)open_first_epoch(store_, trust_, east_, test::east_key(), Timestamp{10}),
                 Error);
    store_.lose_answers = false;
    EXPECT_EQ(
        open_first_epoch(store_, trust_, east_, test::east_key(), Timestamp{20}).record.opened,
        Timestamp{10});
}

TEST_F(EpochStore, RefusesRecordsThatAreNotRight) {
    EpochRecord record;
    record.stream = StreamName("shop");
    record.epoch = Epoch(1);
    record.primary = east_;
    const std::string key = "epochs/shop/00000001.json";
    // Signed by an agent that is not its primary.
    store_.objects[key] = seal_epoch(record, test::west_key()).envelope;
    EXPECT_EQ(refusal(), ErrorCode::untrusted);
    store_.objects[key] = seal_epoch(record, test::test_key('X')).envelope;
    EXPECT_EQ(refusal(), ErrorCode::untrusted);
    record.stream = StreamName("other");
    store_.objects[key] = seal_epoch(record, test::east_key()).envelope;
    EXPECT_EQ(refusal(), ErrorCode::chain_broken);
    record.stream = StreamName("shop");
    record.epoch = Epoch(2);
    record.previous = sha256("1");
    store_.objects[key] = seal_epoch(record, test::east_key()).envelope;
    EXPECT_EQ(refusal(), ErrorCode::chain_broken);
    store_.objects[key] = "{}";
    EXPECT_EQ(refusal(), ErrorCode::malformed);
}

}  // namespace
}  // namespace farshore::storage
