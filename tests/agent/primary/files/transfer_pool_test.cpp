#include "agent/primary/files/transfer_pool.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "protocol/limits.hpp"
#include "tests/agent/primary/files/tree_fixture.hpp"

namespace farshore::primary {
namespace {

// One tree of one large file, and a pool whose readings cost what the test says.
class TransferPoolTest : public TreeFixture {
  protected:
    TransferPoolTest() {
        write("big", std::string(limits::mib, 'x'));
        guard_.recognise(*state_, random_);
        settings_of_pool_.most = 10;
        settings_of_pool_.cpu_time = [this] {
            // Asked before and after each reading.
            const std::lock_guard lock(mutex_);
            if (++asked_ % 2 == 0) {
                used_ = used_ + cost_;
                readings_ += 1;
            }
            return used_;
        };
        begin();
    }
    void begin() {
        pool_ = std::make_unique<TransferPool>(files_, guard_, sink_, clock_, random_,
                                               settings_.tree.name, settings_of_pool_);
        pool_->start(1, [] {});
    }
    // Has it read, and waits for the result.
    void read(std::optional<Digest> older = {}, std::optional<Digest> known = {},
              bool append_only = false) {
        const storage::Handle root = files_.open_root(this->root());
        EXPECT_TRUE(pool_->request({.path = "big",
                                    .status = *files_.status(root, "big"),
                                    .known = known,
                                    .older = older,
                                    .append_only = append_only,
                                    .bases = {},
                                    .same_size = same_size_,
                                    .since = clock_.utc_now(),
                                    .noticed = {}}));
        std::vector<FinishedTransfer> finished;
        while (finished.empty()) {
            std::this_thread::yield();
            finished = pool_->take_finished();
        }
        last_ = finished.front();
    }

    RootGuard guard_{files_, StreamName("shop"), SourceName("files"), root()};
    std::mutex mutex_;
    Duration cost_{};
    Duration used_{};
    int asked_ = 0;
    std::atomic<int> readings_{0};
    TransferSettings settings_of_pool_;
    FinishedTransfer last_;
    std::vector<FileEntry> same_size_;
    std::unique_ptr<TransferPool> pool_;
};

TEST_F(TransferPoolTest, WhatIsNewIsSentAsItIsAndWhatChangedByItsRecipe) {
    read();
    EXPECT_EQ(sink_.recipes, 0);
    EXPECT_EQ(last_.sha256, sha256(std::string(limits::mib, 'x')));
    write("big", std::string(limits::mib, 'y'));
    read(sha256(std::string(limits::mib, 'x')));
    EXPECT_EQ(sink_.recipes, 1);
    EXPECT_TRUE(sink_.has(std::string(limits::mib, 'y')));
    // What an interrupted transfer left is made use of too.
    sink_.has_begun_ = true;
    write("big", std::string(limits::mib, 'z'));
    read();
    EXPECT_EQ(sink_.recipes, 2);
}

TEST_F(TransferPoolTest, WhatIsKnownIsHashedAndNotSent) {
    const std::string content(limits::mib, 'x');
    read({}, sha256(content));
    EXPECT_EQ(last_.sha256, sha256(content));
    EXPECT_EQ(sink_.pushed(), 0U);
    read({}, sha256("another"));
    EXPECT_EQ(last_.sha256, sha256(content));
    EXPECT_TRUE(sink_.has(content));
}

TEST_F(TransferPoolTest, ACopyOfWhatTheyHaveIsNotSentAndWhatIsLikeItByRecipe) {
    std::string content(limits::mib, 'x');
    FileEntry other;
    other.path = "other";
    other.sha256 = sha256(content);
    same_size_ = {other};
    write("other", content);
    read();
    EXPECT_EQ(last_.sha256, other.sha256);
    EXPECT_EQ(sink_.pushed(), 0U);
    content.back() = 'y';
    write("big", content);
    read();
    EXPECT_TRUE(sink_.has(content));
    EXPECT_EQ(sink_.recipes, 1);
    EXPECT_EQ(sink_.last_bases, std::vector<std::string>{"other"});
    write("big", std::string(limits::mib, 'z'));
    read();
    EXPECT_EQ(sink_.recipes, 1);  // they only have the same size
}

TEST_F(TransferPoolTest, OfAnAppendOnlyFileOnlyTheTailIsSent) {
    std::string content(limits::mib, 'x');
    read({}, {}, true);
    EXPECT_TRUE(sink_.has(content));
    EXPECT_EQ(sink_.last_prefix, 0U);
    const Digest first = sha256(content);
    content += "more";
    write("big", content);
    sink_.prefix_content = std::string(limits::mib, 'x');
    read(first, {}, true);
    EXPECT_EQ(last_.sha256, sha256(content));
    EXPECT_EQ(sink_.last_prefix, limits::mib);
    // They have something else by now: all of it.
    write("big", content + "and more");
    read(sha256("else"), {}, true);
    EXPECT_EQ(last_.sha256, sha256(content + "and more"));
    EXPECT_EQ(sink_.recipes, 1);
}

TEST_F(TransferPoolTest, WhatChangesAgainAndAgainRestsInBetween) {
    cost_ = Duration::from_ms(40);
    const BootTime began = clock_.boot_now();
    for (int i = 0; i < 4; ++i) {
        read();
    }
    // Three and four wait until one and two are paid for, at a tenth of a core.
    EXPECT_GE(clock_.boot_now() - began, Duration::from_ms(2 * 400));
    EXPECT_EQ(readings_, 4);
}

TEST_F(TransferPoolTest, OneChangeIsReadAtOnceWhateverItCosts) {
    cost_ = Duration::from_ms(3'600'000);
    read();
    read();
    EXPECT_EQ(readings_, 2);
}

TEST_F(TransferPoolTest, ThereIsRoomForSoManyAndEachIsPending) {
    pool_.reset();
    settings_of_pool_.most = 2;
    pool_ = std::make_unique<TransferPool>(files_, guard_, sink_, clock_, random_,
                                           settings_.tree.name, settings_of_pool_);
    TransferRequest request{.path = "a",
                            .status = {},
                            .known = {},
                            .older = {},
                            .append_only = false,
                            .bases = {},
                            .same_size = {},
                            .since = Timestamp{5},
                            .noticed = {9}};
    request.status.size = 100;
    request.status.inode = 7;
    EXPECT_TRUE(pool_->request(request));
    request.path = "b";
    EXPECT_TRUE(pool_->request(request));
    EXPECT_FALSE(pool_->has_room());
    request.path = "c";
    EXPECT_FALSE(pool_->request(request));
    request.path = "a";
    EXPECT_TRUE(pool_->request(request));
    EXPECT_TRUE(pool_->is_reading(0, 7));
    PendingFiles pending;
    EXPECT_EQ(pool_->add_pending(pending), BootTime{9});
    EXPECT_EQ(pending.files, 2U);
    EXPECT_EQ(pending.bytes, 200U);
    EXPECT_EQ(pending.paths, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(pending.oldest, Timestamp{5});
}

}  // namespace
}  // namespace farshore::primary
