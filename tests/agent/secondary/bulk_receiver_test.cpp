// Content from a primary's lanes into staging: both ends for real, over lanes within the process.
#include "agent/secondary/bulk_receiver.hpp"

#include <gtest/gtest.h>

#include <future>
#include <random>

#include "agent/primary/bulk_sender.hpp"
#include "agent/primary/content_broadcast.hpp"
#include "agent/primary/files/content_push.hpp"
#include "agent/runtime/random.hpp"
#include "agent/runtime/system_clock.hpp"
#include "agent/runtime/task_group.hpp"
#include "protocol/limits.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/memory_lane.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {
namespace {

using test::uploads;

std::string noise(std::size_t size, std::uint32_t seed) {
    std::mt19937_64 random(seed);
    std::string content(size, '\0');
    for (char& byte : content) {
        byte = static_cast<char>(random());
    }
    return content;
}

// Hands everything on and counts it.
class CountingLane final : public connection::Lane {
  public:
    explicit CountingLane(std::shared_ptr<connection::Lane> lane) : lane_(std::move(lane)) {}
    std::size_t send(Frame frame) override {
        bytes += frame.body.size();
        const std::size_t size = lane_->send(std::move(frame));
        if (lose_after > 0 && bytes >= lose_after) {
            lane_->close(Error(ErrorCode::connection_lost, "cut"));
        }
        return size;
    }
    std::optional<Frame> receive(Duration timeout) override {
        auto frame = lane_->receive(timeout);
        bytes += frame ? frame->body.size() : 0;
        return frame;
    }
    void close(const Error& reason) override { lane_->close(reason); }
    bool is_closed() const override { return lane_->is_closed(); }
    std::size_t unsent_bytes() const override { return lane_->unsent_bytes(); }

    std::atomic<std::size_t> bytes{0};
    std::atomic<std::size_t> lose_after{0};

  private:
    std::shared_ptr<connection::Lane> lane_;
};

class BulkReceiverTest : public testing::Test {
  protected:
    BulkReceiverTest() {
        config::Tree tree;
        tree.name = uploads;
        tree.path = directory_ / "replica";
        files_.make_directory(files_.open_root(directory_.path()), "replica", 0755);
        replica_ = std::make_shared<ReplicaTree>(files_, StreamName("shop"), tree);
        storage::SecondaryState state(directory_ / "state.db");
        replica_->require_ours(state, random_);
        trees_.emplace(uploads, replica_);
        connect();
    }
    ~BulkReceiverTest() override { disconnect(); }

    void connect() {
        auto [ours, theirs] = test::make_lane_pair();
        lane_ = std::make_shared<CountingLane>(ours);
        far_ = theirs;
        processed_ = 0;
        primary::BulkSender::Begun begun{{uploads, replica_->staging().begun().idle()}};
        sender_ = std::make_shared<primary::BulkSender>(
            std::vector<std::shared_ptr<connection::Lane>>{lane_}, begun);
        receiving_ = std::make_unique<runtime::TaskGroup>();
        receiving_->start("receive", [this](const runtime::StopToken& stop) {
            BulkReceiver receiver(trees_, faults_, files_,
                                  [this](std::uint64_t count) { processed_ = count; });
            receiver.run(*far_, stop);
        });
        answering_ = std::make_unique<runtime::TaskGroup>();
        answering_->start(
            "answers", [this](const runtime::StopToken& stop) { sender_->run_answers(0, stop); });
    }
    void disconnect() {
        far_->close(Error(ErrorCode::connection_lost, "the end"));
        for (const auto& end : {receiving_.get(), answering_.get()}) {
            end->request_stop();
            end->join();
        }
    }
    std::string path(const std::string& name) { return directory_ / ("replica/" + name); }

    // Pushes `content` as what "big" is now; the bytes on the lane, in both directions.
    std::size_t push(const std::string& content, bool by_recipe,
                     std::vector<std::string> bases = {}, std::uint64_t prefix = 0) {
        test::write_whole(directory_ / "source", content);
        primary::SessionSink sink(*sender_);
        const std::size_t before = lane_->bytes;
        const std::uint64_t done = processed_;
        {
            std::unique_ptr<primary::ContentPush> push;
            if (by_recipe) {
                push = std::make_unique<primary::ContentPush>(
                    sink,
                    primary::RecipeStart{uploads,
                                         "big",
                                         content.size(),
                                         {++seed_, RecipeShape::bits_for(content.size())},
                                         std::move(bases)},
                    primary::piece_reader(
                        files_, files_.open_file(files_.open_root(directory_.path()), "source")));
            } else {
                push = std::make_unique<primary::ContentPush>(
                    sink, primary::ContentStart{uploads, "big", content.size(), prefix,
                                                sha256(content.substr(0, prefix))});
            }
            for (std::size_t at = prefix; at < content.size(); at += limits::payload_piece) {
                push->data(std::string_view(content).substr(at, limits::payload_piece));
            }
            push->end(content.size(), sha256(content));
        }
        while (processed_ == done && !lane_->is_closed()) {
            std::this_thread::yield();
        }
        return lane_->bytes - before;
    }
    // A recipe comes, and there is no room for what is new in it.
    std::future<std::size_t> push_to_a_full_disk(const std::string& content) {
        test::write_whole(path("big"), old_);
        files_.set_room(0);
        auto pushed =
            std::async(std::launch::async, [this, content] { return push(content, true); });
        while (faults_.faults().empty()) {
            std::this_thread::yield();
        }
        return pushed;
    }
    // Else it would end only when there is room.
    void expect_end_without_room(const std::function<void()>& end) {
        auto ended = std::async(std::launch::async, [&] {
            end();
            receiving_->join();
        });
        EXPECT_EQ(ended.wait_for(std::chrono::seconds(60)), std::future_status::ready);
        files_.clear_faults();
        ended.get();
    }
    bool is_staged(const std::string& content) { return replica_->staging().has(sha256(content)); }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem real_;
    test::FaultyFileSystem files_{real_};
    runtime::SystemClock clock_;
    runtime::SystemRandom random_;
    FaultBoard faults_{clock_, [](const std::string&, const std::optional<Error>&) {}};
    std::shared_ptr<ReplicaTree> replica_;
    BulkReceiver::Trees trees_;
    std::shared_ptr<CountingLane> lane_;
    std::shared_ptr<connection::Lane> far_;
    std::shared_ptr<primary::BulkSender> sender_;
    std::unique_ptr<runtime::TaskGroup> receiving_;
    std::unique_ptr<runtime::TaskGroup> answering_;
    std::atomic<std::uint64_t> processed_{0};
    std::uint64_t seed_ = 0;
    const std::string old_ = noise(16 * limits::mib, 1);
};

TEST_F(BulkReceiverTest, ALargeFileComesAsItIs) {
    EXPECT_GE(push(old_, false), old_.size());
    EXPECT_TRUE(is_staged(old_));
}

TEST_F(BulkReceiverTest, AChangeCostsAboutWhatChanged) {
    test::write_whole(path("big"), old_);
    std::string changed = old_;
    for (std::size_t page = 50; page < 4'096; page += 100) {
        changed.replace(page * 4'096, 4'096, noise(4'096, static_cast<std::uint32_t>(page)));
    }
    EXPECT_LE(push(changed, true), 41 * 4'096U + 64 * 1'024);
    EXPECT_TRUE(is_staged(changed));
    EXPECT_LE(push("inserted " + old_, true), 128 * 1'024U);
    EXPECT_TRUE(is_staged("inserted " + old_));
}

TEST_F(BulkReceiverTest, AnotherFileOfTheTreeMayHaveIt) {
    test::write_whole(path("other"), old_);
    EXPECT_LE(push(old_ + "more", true, {"absent", "other"}), 64 * 1'024U);
    EXPECT_TRUE(is_staged(old_ + "more"));
}

TEST_F(BulkReceiverTest, OnlyTheTailOfAnAppendedFileIsSent) {
    test::write_whole(path("big"), old_);
    const std::string grown = old_ + noise(1'000, 2);
    EXPECT_LE(push(grown, false, {}, old_.size()), 2'000U);
    EXPECT_TRUE(is_staged(grown));
    // It may still be staged.
    const std::string more = grown + "more";
    EXPECT_LE(push(more, false, {}, grown.size()), 1'000U);
    EXPECT_TRUE(is_staged(more));
    // The secondary has something else, or less, there: it will ask for all of it.
    test::write_whole(path("big"), noise(old_.size(), 3));
    const std::string again = old_ + "again";
    EXPECT_LE(push(again, false, {}, old_.size()), 2'000U);
    EXPECT_FALSE(is_staged(again));
    EXPECT_TRUE(replica_->staging().trusts_recipe(sha256(again)));  // none was tried
    test::write_whole(path("big"), "short");
    (void)push(again, false, {}, old_.size());
    EXPECT_FALSE(is_staged(again));
    EXPECT_FALSE(lane_->is_closed());
}

TEST_F(BulkReceiverTest, AnInterruptedTransferGoesOnInTheNextSession) {
    // Up to a window of it is lost with the lane.
    lane_->lose_after = 14 * limits::mib;
    (void)push(old_, false);
    disconnect();
    EXPECT_FALSE(is_staged(old_));
    connect();
    EXPECT_TRUE(sender_->has_begun(uploads, "big"));
    EXPECT_FALSE(sender_->has_begun(uploads, "other"));
    EXPECT_LE(push(old_, true), 11 * limits::mib);
    EXPECT_TRUE(is_staged(old_));
    EXPECT_FALSE(sender_->has_begun(uploads, "big"));
}

TEST_F(BulkReceiverTest, WhatAnAbortedTransferBroughtIsUsed) {
    {
        primary::SessionSink sink(*sender_);
        primary::ContentPush given_up(sink, primary::ContentStart{uploads, "big", 0, 0, {}});
        for (std::size_t at = 0; at < old_.size(); at += limits::payload_piece) {
            given_up.data(std::string_view(old_).substr(at, limits::payload_piece));
        }
    }
    EXPECT_TRUE(sender_->has_begun(uploads, "big"));
    while (processed_ == 0) {
        std::this_thread::yield();
    }
    EXPECT_LE(push(old_ + "more", true), 64 * 1'024U);
    EXPECT_TRUE(is_staged(old_ + "more"));
}

TEST_F(BulkReceiverTest, AFullDiskHoldsARecipeUpUntilThereIsRoom) {
    const std::string content = "new " + old_;
    auto pushed = push_to_a_full_disk(content);
    files_.clear_faults();
    pushed.get();
    EXPECT_TRUE(is_staged(content));
    EXPECT_TRUE(faults_.faults().empty());
}

TEST_F(BulkReceiverTest, ALaneThatIsLostWhileTheDiskIsFullEndsItsSession) {
    // More than is asked for ahead: this side waits for the primary, and the file for the disk.
    const std::string content = noise(Assembly::most_ahead + 4 * limits::mib, 2);
    auto pushed = push_to_a_full_disk(content);
    expect_end_without_room([&] { far_->close(Error(ErrorCode::connection_lost, "cut")); });
    pushed.get();
    EXPECT_FALSE(is_staged(content));
    connect();
    (void)push(content, true);
    EXPECT_TRUE(is_staged(content));
}

TEST_F(BulkReceiverTest, AStopWhileTheDiskIsFullIsNoReasonToDistrustARecipe) {
    const std::string content = "new " + old_.substr(0, limits::mib);
    auto pushed = push_to_a_full_disk(content);
    expect_end_without_room([&] { receiving_->request_stop(); });
    far_->close(Error(ErrorCode::cancelled, "the end"));
    pushed.get();
    EXPECT_EQ(processed_, 0U);
    EXPECT_TRUE(replica_->staging().trusts_recipe(sha256(content)));
}

TEST_F(BulkReceiverTest, WhatMaySaveSendingIsNotInTheWayOfWhatIsSent) {
    const Digest other = sha256("other");
    test::write_whole(path(storage::tree_paths::begun(other)), "begun");
    replica_->staging().begun().found(other);
    auto pushed = push_to_a_full_disk(old_ + "more");
    EXPECT_FALSE(replica_->staging().begun().has(other));
    files_.clear_faults();
    pushed.get();
}

TEST_F(BulkReceiverTest, ARecipeThatLeadsToSomethingElseIsDroppedAndTheSessionGoesOn) {
    test::write_whole(path("big"), old_);
    primary::SessionSink sink(*sender_);
    {
        primary::ContentPush push(
            sink, primary::RecipeStart{uploads, "big", 5, {1, 13}, {}},
            [](std::uint64_t, std::size_t length) { return std::string(length, 'x'); });
        push.data("hello");
        push.end(5, sha256("hello"));
    }
    while (processed_ == 0) {
        std::this_thread::yield();
    }
    EXPECT_FALSE(is_staged("hello"));
    EXPECT_FALSE(replica_->staging().trusts_recipe(sha256("hello")));
    EXPECT_TRUE(replica_->staging().trusts_recipe(sha256("other")));
    EXPECT_FALSE(lane_->is_closed());
}

TEST_F(BulkReceiverTest, AMessageOutOfPlaceEndsTheSession) {
    for (const Frame& frame :
         {to_frame(RecipeEnd{77}), to_frame(PiecePatch{77, 0, {}}), to_frame(ContentData{77, "x"}),
          to_frame(RecipeChunks{77, {{1, 1}}}), to_frame(PiecesWanted{77, false, {}})}) {
        auto [near, far] = test::make_lane_pair();
        BulkReceiver receiver(trees_, faults_, files_, [](std::uint64_t) {});
        near->send(frame);
        EXPECT_THROW(receiver.run(*far, {}), Error);
    }
}

}  // namespace
}  // namespace farshore::secondary
