#include "agent/session/upload_task.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "agent/runtime/system_clock.hpp"
#include "storage/objects/object_keys.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::session {
namespace {

using test::long_wait;

// Takes a request and never answers it, as a server that hangs does.
class HangingStore final : public storage::ObjectStore {
  public:
    [[nodiscard]] PutOutcome create(const std::string&, std::string_view) override {
        std::unique_lock lock(mutex_);
        asked_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return interrupted_; });
        throw Error(ErrorCode::cancelled, "interrupted");
    }
    [[nodiscard]] Result<std::string> get(const std::string&, std::size_t) override {
        return Error(ErrorCode::not_found, "nothing is there");
    }
    [[nodiscard]] std::vector<std::string> list(const std::string&) override { return {}; }
    void check() override {}
    void interrupt() override {
        const std::lock_guard lock(mutex_);
        interrupted_ = true;
        changed_.notify_all();
    }
    [[nodiscard]] std::string name() const override { return "hanging"; }
    void wait_asked() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return asked_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool asked_ = false;
    bool interrupted_ = false;
};

class UploadTaskTest : public testing::Test {
  protected:
    void queue(std::uint64_t epoch) {
        storage::Transaction transaction(database_);
        outbox_.enqueue(key(epoch), "record", clock_.utc_now());
        transaction.commit();
    }
    static std::string key(std::uint64_t epoch) {
        return storage::make_key(storage::EpochKey{StreamName("shop"), Epoch(epoch)});
    }
    // Runs the task while `deed` lasts; the stores are looked at only when it has ended.
    void while_running(const std::function<void(UploadTask&)>& deed) {
        UploadTask task(file_, {&near_, &far_}, clock_,
                        [this](const storage::OutboxItem& item) { uploaded_.push_back(item.key); });
        std::jthread thread([&](const runtime::StopToken& stop) { task.run(stop); });
        deed(task);
    }

    test::TemporaryDirectory directory_;
    const std::string file_ = directory_ / "state.db";
    runtime::SystemClock clock_;
    storage::Database database_{file_};
    storage::Outbox outbox_{database_};
    test::MemoryStore near_;
    test::MemoryStore far_;
    std::vector<std::string> uploaded_;
};

TEST_F(UploadTaskTest, EveryStoreGetsWhatWasQueuedInItsOrder) {
    queue(2);
    queue(1);
    while_running([](UploadTask& task) {
        EXPECT_TRUE(task.wait_empty(long_wait));
        EXPECT_EQ(task.figures().queued, 0u);
        EXPECT_TRUE(task.figures().last_upload);
    });
    EXPECT_EQ(near_.order, (std::vector{key(2), key(1)}));
    EXPECT_EQ(far_.order, near_.order);
    EXPECT_EQ(uploaded_, near_.order);
}

TEST_F(UploadTaskTest, AnUploadThatHangsEndsWithTheTaskAndStaysQueued) {
    queue(1);
    HangingStore hanging;
    UploadTask task(file_, {&near_, &hanging}, clock_,
                    [this](const storage::OutboxItem& item) { uploaded_.push_back(item.key); });
    {
        std::jthread thread([&](const runtime::StopToken& stop) { task.run(stop); });
        hanging.wait_asked();
        EXPECT_EQ(task.figures().queued, 1u);
    }  // asked to stop, and joined
    EXPECT_TRUE(uploaded_.empty());
    EXPECT_EQ(outbox_.figures().queued, 1u);
    EXPECT_FALSE(task.figures().error);
}

TEST_F(UploadTaskTest, WhatIsQueuedLaterIsTakenWhenWoken) {
    while_running([this](UploadTask& task) {
        EXPECT_TRUE(task.wait_empty(long_wait));
        queue(1);
        task.wake();
        EXPECT_TRUE(task.wait_empty(long_wait));
    });
    EXPECT_EQ(uploaded_, std::vector{key(1)});
}

TEST_F(UploadTaskTest, NothingLeavesTheQueueWhileOneStoreIsAway) {
    far_.away = true;
    queue(1);
    while_running([](UploadTask& task) {
        while (!task.figures().error) {
            EXPECT_FALSE(task.wait_empty(Duration::from_ms(20)));
        }
        EXPECT_EQ(task.figures().error->code(), ErrorCode::store_unavailable);
        EXPECT_EQ(task.figures().queued, 1u);
        EXPECT_FALSE(task.figures().last_upload);
    });
    EXPECT_TRUE(uploaded_.empty());
    EXPECT_EQ(outbox_.figures().queued, 1u);
    // It was in one store already: it goes into the other, and is told once.
    far_.away = false;
    while_running([](UploadTask& task) { EXPECT_TRUE(task.wait_empty(long_wait)); });
    EXPECT_EQ(far_.objects.count(key(1)), 1u);
    EXPECT_EQ(uploaded_, std::vector{key(1)});
}

}  // namespace
}  // namespace farshore::session
