// A promise one step early is what is feared here: RECEIVED comes after everything that it says.

#include "agent/secondary/cut_receiver.hpp"

#include <thread>

#include "tests/agent/secondary/receiving_fixture.hpp"
#include "tests/support/memory_lane.hpp"
#include "tests/support/names.hpp"
#include "tests/support/sample_evidence.hpp"

namespace farshore::secondary {
namespace {

using test::app;
using test::long_wait;
constexpr Duration moment = Duration::from_ms(300);

class CutReceiverTest : public ReceivingFixture {
  protected:
    CutReceiverTest() {
        session_.peer = AgentName("app-east");
        session_.hello.boot_id = "0123456789abcdef";
        session_.control = control_.second;
        session_.bulk = {bulk_.second};
        state_.set_database(app,
                            {.copied = true,
                             .received = Lsn(10),
                             .system_identifier = "7300",
                             .timeline = 1,
                             .whole_from = Lsn()},
                            {});
    }
    ~CutReceiverTest() override { end(); }

    void with_database() {
        session_.databases[app] = database_.second;
        session_.welcome.databases[app].received = Lsn(10);
    }
    void start() {
        receiver_ = std::make_unique<CutReceiver>(
            session_,
            CutReceiverParts{.trees = trees_,
                             .files = files_,
                             .state = state_,
                             .clock = clock_,
                             .random = random_,
                             .faults = faults_,
                             .trust = trust_,
                             .expected = {StreamName("shop"), Epoch(1), AgentName("app-east")},
                             .sync_database =
                                 [this](const SourceName&, Lsn lsn) {
                                     EXPECT_EQ(standing().received_cut, CutNumber(0));
                                     synced_ = lsn;
                                     return storage::SpoolPosition{1, 2};
                                 },
                             .on_received = [this] { ++received_; }});
        thread_ = std::jthread([this](const runtime::StopToken& stop) {
            try {
                receiver_->run(stop);
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
    void tell(const M& message) {
        receiver_->take(to_frame(message));
    }
    void tell_cut(std::uint64_t number, const std::vector<FileEntry>& entries,
                  const std::map<SourceName, Lsn>& databases = {},
                  const std::vector<std::uint64_t>& marks = {}, std::uint64_t base = 0) {
        CutBegin begin;
        begin.cut = CutNumber(number);
        begin.base = CutNumber(base);
        begin.databases = databases;
        begin.identity = std::string(16, static_cast<char>('a' + number));
        tell(begin);
        tell(CutEntries{.tree = uploads_, .entries = entries});
        for (const std::uint64_t mark_number : marks) {
            Mark mark = test::sample_mark();
            mark.mark = MarkNumber(mark_number);
            tell(CutMark{seal_envelope(payload_type::mark, to_payload(mark), test::east_key())});
        }
        tell(CutEnd{.cut = CutNumber(number), .sent = {0}, .is_mark = !marks.empty()});
    }
    [[nodiscard]] std::optional<Frame> answer(Duration timeout = long_wait) {
        return control_.first->receive(timeout);
    }
    // RECEIVED of that cut is the next that is said.
    void expect_received(std::uint64_t number) {
        const auto frame = answer();
        ASSERT_TRUE(frame && frame->kind == MessageKind::received);
        EXPECT_EQ(from_frame<Received>(*frame).cut, CutNumber(number));
        EXPECT_EQ(standing().received_cut, CutNumber(number));
    }

    TrustSet trust_ = test::shop_trust();
    test::LanePair control_ = test::make_lane_pair();
    test::LanePair bulk_ = test::make_lane_pair();
    test::LanePair database_ = test::make_lane_pair();
    connection::Session session_;
    std::optional<Lsn> synced_;
    std::atomic<int> received_{0};
    std::optional<Error> failure_;
    std::unique_ptr<CutReceiver> receiver_;
    std::jthread thread_;
};

TEST_F(CutReceiverTest, ReceivedIsSaidWhenTheStateSaysSo) {
    start();
    tell_cut(1, {fifo("a")});
    expect_received(1);
    EXPECT_EQ(standing().received_identity, std::string(16, 'b'));
    EXPECT_EQ(standing().applied_cut, CutNumber(0));
    end();
    const auto& trace = files_.trace();
    EXPECT_NE(std::find(trace.begin(), trace.end(), test::FaultyFileSystem::Call::sync_filesystem),
              trace.end());
}

TEST_F(CutReceiverTest, NothingIsPromisedWhenASyncFails) {
    start();
    files_.fail_syncs_from(1);
    tell_cut(1, {fifo("a")});
    thread_.join();
    ASSERT_TRUE(failure_);
    EXPECT_EQ(failure_->code(), ErrorCode::sync_failed);
    EXPECT_FALSE(answer(moment));
    EXPECT_EQ(standing().received_cut, CutNumber(0));
    EXPECT_EQ(received_, 0);
}

TEST_F(CutReceiverTest, ContentThatIsNowhereIsAskedForAndWaitedFor) {
    start();
    tell_cut(1, {file("f", "content")});
    const auto asked = answer();
    ASSERT_TRUE(asked);
    const auto wanted = from_frame<ContentWanted>(*asked);
    ASSERT_EQ(wanted.items.size(), 1u);
    EXPECT_EQ(wanted.items[0].sha256, sha256("content"));
    ASSERT_TRUE(answer());  // the last one
    tell(ContentSent{.cut = CutNumber(1), .sent = {1}, .missing = 0});
    EXPECT_FALSE(answer(moment));  // said to be sent is not here
    trees_.at(uploads_)->staging().put_whole(sha256("content"), "content");
    receiver_->lane_processed(0, 1);
    expect_received(1);
}

TEST_F(CutReceiverTest, WhatThePrimaryHasNoMoreGivesTheCutUp) {
    start();
    tell_cut(1, {file("f", "content")});
    ASSERT_TRUE(answer());
    ASSERT_TRUE(answer());
    tell(ContentSent{.cut = CutNumber(1), .sent = {0}, .missing = 1});
    EXPECT_FALSE(answer(moment));
    EXPECT_EQ(standing().received_cut, CutNumber(0));
    tell_cut(2, {fifo("f")});
    expect_received(2);
    end();
    EXPECT_EQ(received_, 1);
}

TEST_F(CutReceiverTest, TheNextCutMayFollowOneThatIsGivenUpAtOnce) {
    start();
    for (std::uint64_t number = 1; number <= 30; ++number) {
        tell_cut(number, {file("f", "content")});
        ASSERT_TRUE(answer()) << number;
        ASSERT_TRUE(answer()) << number;
        tell(ContentSent{.cut = CutNumber(number), .sent = {0}, .missing = 1});
    }
    tell_cut(31, {fifo("f")});
    expect_received(31);
    end();
    EXPECT_FALSE(failure_);
}

TEST_F(CutReceiverTest, ADatabaseIsSyncedUpToTheCutBeforeItIsReceived) {
    with_database();
    start();
    tell_cut(1, {fifo("a")}, {{app, Lsn(100)}});
    receiver_->database_passed(app, Lsn(99));
    EXPECT_FALSE(answer(moment));
    EXPECT_FALSE(synced_);
    receiver_->database_passed(app, Lsn(100));
    expect_received(1);
    EXPECT_EQ(synced_, Lsn(100));
    EXPECT_EQ(storage::SecondaryState(state_file()).databases().at(app).standing.received,
              Lsn(100));
}

TEST_F(CutReceiverTest, AGapInTheMarksIsRefused) {
    start();
    tell_cut(1, {fifo("a")}, {}, {1});
    expect_received(1);
    EXPECT_EQ(standing().received_mark, MarkNumber(1));
    tell_cut(2, {fifo("b")}, {}, {3}, 1);
    thread_.join();
    ASSERT_TRUE(failure_);
    EXPECT_EQ(failure_->code(), ErrorCode::chain_broken);
    EXPECT_EQ(standing().received_cut, CutNumber(1));
}

TEST_F(CutReceiverTest, WhereEverythingIsToldMarksMayBeMissing) {
    start();
    tell_cut(1, {fifo("a")}, {}, {1});
    expect_received(1);
    tell_cut(2, {fifo("b")}, {}, {3});
    expect_received(2);
    EXPECT_EQ(standing().received_mark, MarkNumber(3));
}

}  // namespace
}  // namespace farshore::secondary
