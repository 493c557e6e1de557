// A promise one step early is what is feared here: RECEIVED is believed only when it is said of the
// cut in flight, and marks go only with what they claim.

#include "agent/primary/cut_feed.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "storage/state/cut_commit.hpp"
#include "tests/support/memory_lane.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

using test::app;
using test::long_wait;
using test::uploads;
constexpr Duration moment = Duration::from_ms(700);

class CutFeedTest : public testing::Test {
  protected:
    CutFeedTest() {
        auto [near, far] = test::make_lane_pair();
        near_ = near;
        far_ = far;
        wiring_.trees = {uploads};
        wiring_.streaming_databases = [] { return std::map<SourceName, std::string>(); };
        wiring_.want_position = [](const SourceName&, Lsn) {};
        wiring_.send_wanted = [](const WantedContent&) { return true; };
        wiring_.on_received = [this](const ToldCut& told) { received_.push_back(told); };
    }
    ~CutFeedTest() override { end(); }

    void commit(const std::string& path, std::map<SourceName, StreamPosition> databases = {},
                bool scanned = true) {
        storage::CutCommit commit(state_);
        storage::CapturedEntry entry;
        entry.entry.path = path;
        entry.entry.type = EntryType::fifo;
        commit.put(uploads, entry);
        commit.set_scanned(uploads, scanned, std::nullopt);
        commit.set_identity(std::string(16, path[0]));
        commit.seal(true, "envelope of " + path);
        commit.commit();
        MarkFacts facts;
        facts.mark = commit.mark();
        history_.publish(
            std::make_shared<const CutRecord>(CutRecord{.cut = commit.cut(),
                                                        .is_mark = true,
                                                        .newest_mark = facts,
                                                        .newest_complete_mark = std::nullopt,
                                                        .databases = std::move(databases)}));
    }
    void run(const Welcome& welcome, CutNumber base) {
        feed_ = std::make_unique<CutFeed>(*near_, bulk_, history_, feed_state_, wiring_);
        thread_ = std::jthread([this, welcome, base](const runtime::StopToken& stop) {
            try {
                feed_->run(welcome, base, stop);
            } catch (const Error& error) {
                failure_ = error;
            }
        });
    }
    void end() {
        if (thread_.joinable()) {
            thread_.request_stop();
            thread_.join();
        }
    }
    template <typename M>
    M next() {
        const std::optional<Frame> frame = far_->receive(long_wait);
        EXPECT_TRUE(frame.has_value());
        return from_frame<M>(frame.value());
    }
    // The paths of a cut, and the marks that came with it.
    struct Told {
        CutBegin begin;
        std::vector<std::string> paths;
        std::vector<std::string> marks;
        CutEnd end;
    };
    Told next_cut() {
        Told told;
        told.begin = next<CutBegin>();
        for (;;) {
            const std::optional<Frame> frame = far_->receive(long_wait);
            if (!frame) {
                ADD_FAILURE() << "the cut does not end";
                return told;
            }
            if (frame->kind == MessageKind::cut_entries) {
                for (const FileEntry& entry : from_frame<CutEntries>(*frame).entries) {
                    told.paths.push_back(entry.path);
                }
            } else if (frame->kind == MessageKind::cut_mark) {
                told.marks.push_back(from_frame<CutMark>(*frame).envelope);
            } else {
                told.end = from_frame<CutEnd>(*frame);
                return told;
            }
        }
    }
    [[nodiscard]] bool is_silent() { return !far_->receive(moment).has_value(); }

    test::TemporaryDirectory directory_;
    storage::PrimaryState state_{directory_ / "state.db"};
    storage::PrimaryState feed_state_{directory_ / "state.db"};
    std::shared_ptr<test::MemoryLane> near_;
    std::shared_ptr<test::MemoryLane> far_;
    BulkSender bulk_{{test::make_lane_pair().first}};
    CutHistory history_;
    CutFeedWiring wiring_;
    std::vector<ToldCut> received_;
    std::optional<Error> failure_;
    std::atomic<bool> is_streaming_{false};
    std::string system_ = "7300";
    std::unique_ptr<CutFeed> feed_;
    std::jthread thread_;
};

TEST_F(CutFeedTest, OneCutIsInFlightAndTheNextFollowsTheReceivedOne) {
    commit("a");
    run(Welcome{}, CutNumber());
    const Told first = next_cut();
    EXPECT_EQ(first.begin.cut, CutNumber(1));
    EXPECT_EQ(first.begin.base, CutNumber(0));
    EXPECT_EQ(first.begin.identity, std::string(16, 'a'));
    EXPECT_EQ(first.marks, std::vector<std::string>{"envelope of a"});
    EXPECT_TRUE(first.end.is_mark);
    commit("b");
    commit("c");
    EXPECT_TRUE(is_silent());
    EXPECT_TRUE(received_.empty());
    feed_->take(to_frame(Received{CutNumber(1)}));
    const Told second = next_cut();  // both, in one
    EXPECT_EQ(second.begin.cut, CutNumber(3));
    EXPECT_EQ(second.begin.base, CutNumber(1));
    EXPECT_EQ(second.paths.size(), 2u);
    EXPECT_EQ(second.marks.size(), 2u);
    end();
    ASSERT_EQ(received_.size(), 1u);
    EXPECT_EQ(received_[0].record->cut, CutNumber(1));
}

TEST_F(CutFeedTest, ReceivedOfAnotherCutIsNoPromise) {
    commit("a");
    run(Welcome{}, CutNumber());
    (void)next_cut();
    feed_->take(to_frame(Received{CutNumber(7)}));
    thread_.join();
    ASSERT_TRUE(failure_);
    EXPECT_EQ(failure_->code(), ErrorCode::malformed);
    EXPECT_TRUE(received_.empty());
}

TEST_F(CutFeedTest, ACutThatLacksContentIsGivenUpAndItsMarksAreToldAgain) {
    wiring_.send_wanted = [](const WantedContent& wanted) { return wanted.path != "gone"; };
    commit("a");
    run(Welcome{}, CutNumber());
    (void)next_cut();
    ContentWanted wanted{.cut = CutNumber(1), .last = true, .items = {}};
    for (const char* path : {"here", "gone"}) {
        wanted.items.push_back({.tree = uploads, .path = path, .sha256 = sha256(path), .size = 1});
    }
    feed_->take(to_frame(wanted));
    EXPECT_EQ(next<ContentSent>().missing, 1u);
    EXPECT_TRUE(is_silent());
    commit("b");
    const Told again = next_cut();
    EXPECT_EQ(again.begin.base, CutNumber(0));
    EXPECT_EQ(again.paths.size(), 2u);
    EXPECT_EQ(again.marks, (std::vector<std::string>{"envelope of a", "envelope of b"}));
    end();
    EXPECT_TRUE(received_.empty());
}

TEST_F(CutFeedTest, MarksWaitForTheDatabaseThatTheyClaim) {
    wiring_.streaming_databases = [this] {
        std::map<SourceName, std::string> streaming;
        if (is_streaming_) {
            streaming[app] = system_;
        }
        return streaming;
    };
    commit("a", {{app, {"7300", Lsn(100)}}});
    run(Welcome{}, CutNumber());
    const Told without = next_cut();
    EXPECT_TRUE(without.marks.empty());
    EXPECT_FALSE(without.end.is_mark);
    EXPECT_TRUE(without.begin.databases.empty());
    is_streaming_ = true;
    commit("b", {{app, {"7300", Lsn(120)}}});
    feed_->take(to_frame(Received{CutNumber(1)}));
    const Told with = next_cut();
    EXPECT_EQ(with.marks.size(), 2u);
    EXPECT_EQ(with.begin.databases.at(app), Lsn(120));
    end();
    ASSERT_EQ(received_.size(), 1u);
    EXPECT_FALSE(received_[0].with_marks);
}

// The fault: a cluster was replaced by another, which streams before a cut has its position.
TEST_F(CutFeedTest, APositionOfAnotherClusterIsNotWaitedFor) {
    is_streaming_ = true;
    system_ = "7400";
    wiring_.streaming_databases = [this] {
        return std::map<SourceName, std::string>{{app, system_}};
    };
    commit("a", {{app, {"7300", Lsn(100)}}});
    run(Welcome{}, CutNumber());
    const Told old = next_cut();
    EXPECT_TRUE(old.begin.databases.empty());
    EXPECT_TRUE(old.marks.empty());
    commit("b", {{app, {"7400", Lsn(9)}}});
    feed_->take(to_frame(Received{CutNumber(1)}));
    const Told now = next_cut();
    EXPECT_EQ(now.begin.databases.at(app), Lsn(9));
    EXPECT_EQ(now.marks.size(), 2u);
}

TEST_F(CutFeedTest, WhoHoldsSomethingIsToldNoListingOfATreeThatIsNotScanned) {
    commit("a", {}, false);
    commit("b", {}, false);
    Welcome welcome;
    welcome.received_cut = CutNumber(1);
    run(welcome, CutNumber());
    EXPECT_TRUE(is_silent());
    commit("c");
    const Told whole = next_cut();
    EXPECT_EQ(whole.begin.base, CutNumber(0));
    EXPECT_EQ(whole.paths.size(), 3u);
}

TEST_F(CutFeedTest, AWholeTellingIsOneAndThenItGoesOn) {
    commit("a");
    Welcome welcome;
    welcome.received_cut = CutNumber(1);
    run(welcome, CutNumber(1));
    commit("b");
    EXPECT_EQ(next_cut().begin.base, CutNumber(1));
    feed_->tell_everything();
    commit("c");
    feed_->take(to_frame(Received{CutNumber(2)}));
    EXPECT_EQ(next_cut().begin.base, CutNumber(0));
    commit("d");
    feed_->take(to_frame(Received{CutNumber(3)}));
    EXPECT_EQ(next_cut().begin.base, CutNumber(3));
}

}  // namespace
}  // namespace farshore::primary
