// What others tell a session that is just ending. (The rest: end to end.)

#include "agent/primary/peer_session.hpp"

#include <gtest/gtest.h>

#include "agent/runtime/system_clock.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

// Closed by the peer between the look at it and the sending.
class EndingLane final : public connection::Lane {
  public:
    std::size_t send(Frame) override { throw Error(ErrorCode::fenced, "a higher epoch exists"); }
    std::optional<Frame> receive(Duration) override { return std::nullopt; }
    void close(const Error&) override {}
    [[nodiscard]] bool is_closed() const override { return false; }
    [[nodiscard]] std::size_t unsent_bytes() const override { return 0; }
};

// It is the cutter who tells: what ends a session would end the primary.
TEST(PeerSession, WhatCanNotBeToldAnyMoreHurtsNobody) {
    test::TemporaryDirectory directory;
    const std::string state_file = directory / "state.db";
    storage::PrimaryState state(state_file);
    config::Config config;
    runtime::SystemClock clock;
    CutHistory history;
    ContentBroadcast broadcast;
    BandwidthLimit bandwidth(clock, 0);
    GapBoard gaps(state_file, {test::west}, clock);
    const SessionContext context{
        .config = config,
        .clock = clock,
        .state_file = state_file,
        .history = history,
        .broadcast = broadcast,
        .bandwidth = bandwidth,
        .send_wanted = [](const WantedContent&, BulkSender&) { return false; },
        .on_transaction = [](const SourceName&, const StreamPosition&, const Digest&) {},
        .gaps = gaps,
        .on_progress = [] {},
        .serve = [](const std::string&, const std::string&) { return std::string(); }};
    PeerBoard board;
    connection::Session opened;
    opened.peer = test::west;
    opened.control = std::make_shared<EndingLane>();
    opened.bulk = {std::make_shared<EndingLane>()};
    PeerSession session(context, board, std::move(opened));
    EXPECT_NO_THROW(
        session.tell_fault(test::uploads, Error(ErrorCode::root_changed, "another root")));
}

}  // namespace
}  // namespace farshore::primary
