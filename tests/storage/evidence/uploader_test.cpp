#include "storage/evidence/uploader.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/evidence_world.hpp"

namespace farshore::storage {
namespace {

class Uploader : public testing::Test {
  protected:
    test::TemporaryDirectory directory_;
    Database database_{directory_ / "state.db"};
    Outbox outbox_{database_};
    test::MemoryStore first_;
    test::MemoryStore second_;
    std::array<ObjectStore*, 2> stores_{&first_, &second_};

    void put(const std::string& key, const std::string& bytes) {
        Transaction transaction(database_);
        outbox_.enqueue(key, bytes, {1});
        transaction.commit();
    }
};

TEST_F(Uploader, WritesToEachStore) {
    EXPECT_FALSE(upload_next(outbox_, stores_).uploaded.has_value());
    put("a", "1");
    const UploadReport report = upload_next(outbox_, stores_);
    EXPECT_EQ(report.uploaded->key, "a");
    EXPECT_FALSE(report.was_there);
    EXPECT_EQ(first_.objects.at("a"), "1");
    EXPECT_EQ(second_.objects.at("a"), "1");
    EXPECT_EQ(outbox_.figures().queued, 0U);
}

TEST_F(Uploader, StaysQueuedWhileAStoreIsAway) {
    put("a", "1");
    put("b", "2");
    second_.away = true;
    EXPECT_THROW((void)upload_next(outbox_, stores_), Error);
    EXPECT_THROW((void)upload_next(outbox_, stores_), Error);
    EXPECT_EQ(outbox_.figures().queued, 2U);
    second_.away = false;
    EXPECT_EQ(upload_next(outbox_, stores_).uploaded->key, "a");
    EXPECT_EQ(upload_next(outbox_, stores_).uploaded->key, "b");
}

TEST_F(Uploader, ALostAnswerIsSettledByTheNextTry) {
    put("a", "1");
    first_.lose_answers = true;
    EXPECT_THROW((void)upload_next(outbox_, stores_), Error);
    first_.lose_answers = false;
    second_.objects["a"] = "1";
    EXPECT_TRUE(upload_next(outbox_, stores_).was_there);
}

TEST_F(Uploader, OtherBytesAreAFork) {
    put("a", "1");
    second_.objects["a"] = "2";
    try {
        (void)upload_next(outbox_, stores_);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::chain_broken);
    }
    EXPECT_EQ(outbox_.figures().queued, 1U);
    EXPECT_EQ(second_.objects.at("a"), "2");
}

}  // namespace
}  // namespace farshore::storage
