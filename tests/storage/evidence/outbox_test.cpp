#include "storage/evidence/outbox.hpp"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

class OutboxTest : public testing::Test {
  protected:
    test::TemporaryDirectory directory_;
    Database database_{directory_ / "state.db"};
    Outbox outbox_{database_};

    void put(const std::string& key, const std::string& bytes, Timestamp now) {
        Transaction transaction(database_);
        outbox_.enqueue(key, bytes, now);
        transaction.commit();
    }
};

TEST_F(OutboxTest, GivesObjectsInTheOrderTheyCame) {
    EXPECT_FALSE(outbox_.next().has_value());
    put("b", "1", {10});
    put("a", std::string("\0\xff", 2), {20});
    put("c", "", {30});
    EXPECT_EQ(outbox_.figures().queued, 3U);
    EXPECT_EQ(outbox_.figures().bytes, 3U);
    EXPECT_EQ(outbox_.figures().oldest, Timestamp{10});
    for (const auto& [key, bytes] : {std::pair<std::string, std::string>{"b", "1"},
                                     {"a", std::string("\0\xff", 2)},
                                     {"c", ""}}) {
        const std::optional<OutboxItem> item = outbox_.next();
        ASSERT_TRUE(item.has_value());
        EXPECT_EQ(item->key, key);
        EXPECT_EQ(item->bytes, bytes);
        outbox_.done(*item);
    }
    EXPECT_EQ(outbox_.figures().queued, 0U);
    EXPECT_FALSE(outbox_.figures().oldest.has_value());
}

TEST_F(OutboxTest, WhatIsNotCommittedIsNotQueued) {
    {
        Transaction transaction(database_);
        outbox_.enqueue("a", "1", {1});
    }
    EXPECT_FALSE(outbox_.next().has_value());
}

TEST_F(OutboxTest, AnotherConnectionSeesIt) {
    put("a", "1", {1});
    Database other(directory_ / "state.db");
    EXPECT_EQ(Outbox(other).next()->key, "a");
}

// A manifest and its lists are queued at one time: until the last of them is there, none counts.
TEST_F(OutboxTest, WhatIsAttestedEndsBeforeTheOldestThatWaits) {
    EXPECT_FALSE(outbox_.figures().attested.has_value());
    put("list 1", "1", {10});
    put("manifest 1", "1", {10});
    put("manifest 2", "2", {20});
    outbox_.done(*outbox_.next());
    EXPECT_FALSE(outbox_.figures().attested.has_value());
    outbox_.done(*outbox_.next());
    EXPECT_EQ(outbox_.figures().attested, Timestamp{10});
    Database other(directory_ / "state.db");
    EXPECT_EQ(Outbox(other).figures().attested, Timestamp{10});
    outbox_.done(*outbox_.next());
    EXPECT_EQ(outbox_.figures().attested, Timestamp{20});
}

TEST_F(OutboxTest, AKeyIsQueuedOnce) {
    put("a", "1", {1});
    put("a", "1", {2});
    EXPECT_EQ(outbox_.figures().queued, 1U);
    EXPECT_THROW(put("a", "2", {3}), Error);
    EXPECT_EQ(outbox_.next()->bytes, "1");
}

}  // namespace
}  // namespace farshore::storage
