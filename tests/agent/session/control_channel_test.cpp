#include "agent/session/control_channel.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>

#include "agent/runtime/system_clock.hpp"
#include "protocol/limits.hpp"
#include "tests/support/memory_lane.hpp"
#include "tests/support/names.hpp"

namespace farshore::session {
namespace {

using test::long_wait;

ChannelCallbacks callbacks() {
    return {.frame = [](const Frame&) {},
            .sample = [](const ClockSample&) {},
            .request = [](const std::string& verb, const std::string& json) -> std::string {
                if (verb == "refuse") {
                    throw Error(ErrorCode::not_primary, "asked " + json);
                }
                return verb == "large" ? std::string(2 * limits::frame_body, 'x')
                                       : verb + " " + json;
            }};
}

// Our channel and a peer's, both running.
class ControlChannelTest : public testing::Test {
  protected:
    void start(ChannelCallbacks of_ours = callbacks()) {
        ours_.emplace(lanes_.first, clock_, std::move(of_ours));
        peer_.emplace(lanes_.second, clock_, callbacks());
        ours_->start(long_wait);
        peer_->start(long_wait);
    }
    ErrorCode refusal(const std::string& verb, Duration timeout) {
        try {
            (void)ours_->ask(verb, "{}", timeout);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    }

    runtime::SystemClock clock_;
    test::LanePair lanes_ = test::make_lane_pair();
    std::optional<ControlChannel> ours_;
    std::optional<ControlChannel> peer_;
};

TEST_F(ControlChannelTest, EachSideAnswersTheOther) {
    start();
    EXPECT_EQ(ours_->ask("flush", "{}", long_wait), "flush {}");
    EXPECT_EQ(peer_->ask("publish", "[1]", long_wait), "publish [1]");
}

TEST_F(ControlChannelTest, APeersRefusalComesBackAsItsError) {
    start();
    EXPECT_EQ(refusal("refuse", long_wait), ErrorCode::not_primary);
    EXPECT_EQ(ours_->ask("flush", "{}", long_wait), "flush {}");  // the session goes on
}

TEST_F(ControlChannelTest, AnAnswerThatFitsIntoNoFrameIsRefusedAndTheNextOneComes) {
    start();
    EXPECT_EQ(refusal("large", long_wait), ErrorCode::too_large);
    EXPECT_EQ(ours_->ask("flush", "{}", long_wait), "flush {}");
}

TEST_F(ControlChannelTest, WithoutAnAnswerTheAskingEndsAndALateOneHurtsNobody) {
    ours_.emplace(lanes_.first, clock_, callbacks());
    ours_->start(long_wait);
    EXPECT_EQ(refusal("flush", Duration::from_ms(20)), ErrorCode::timeout);
    peer_.emplace(lanes_.second, clock_, callbacks());
    peer_->start(long_wait);  // answers the first request now
    EXPECT_EQ(ours_->ask("publish", "{}", long_wait), "publish {}");
}

TEST_F(ControlChannelTest, AClosedLaneEndsWhoWaitsWithItsReason) {
    ours_.emplace(lanes_.first, clock_, callbacks());
    ours_->start(long_wait);
    ErrorCode got = ErrorCode::internal;
    std::thread asker([&] { got = refusal("flush", long_wait); });
    while (lanes_.second->receive(long_wait)->kind != MessageKind::request) {
    }
    lanes_.second->close(Error(ErrorCode::fenced, "a higher epoch exists"));
    asker.join();
    EXPECT_EQ(got, ErrorCode::fenced);
    EXPECT_EQ(ours_->wait_closed().code(), ErrorCode::fenced);
    EXPECT_NE(refusal("flush", long_wait), ErrorCode::internal);
}

TEST_F(ControlChannelTest, AnAnsweredPingIsASampleOfThePeersClock) {
    std::promise<ClockSample> sampled;
    ChannelCallbacks of_ours = callbacks();
    of_ours.sample = [&](const ClockSample& sample) { sampled.set_value(sample); };
    start(std::move(of_ours));
    const ClockSample sample = sampled.get_future().get();
    EXPECT_LE(sample.asked, sample.peer_received);  // both clocks are one here
    EXPECT_LE(sample.peer_answered, sample.returned);
}

TEST_F(ControlChannelTest, OtherFramesAreTheRolesMatter) {
    std::promise<Frame> taken;
    ChannelCallbacks of_ours = callbacks();
    of_ours.frame = [&](Frame frame) { taken.set_value(std::move(frame)); };
    start(std::move(of_ours));
    connection::send(peer_->lane(), EvidenceObject{.key = "k", .bytes = "b"});
    EXPECT_EQ(from_frame<EvidenceObject>(taken.get_future().get()).bytes, "b");
}

// Whatever it is: who waits for the session's end would wait for ever.
TEST_F(ControlChannelTest, WhatTheRoleThrowsEndsTheSession) {
    ChannelCallbacks of_ours = callbacks();
    of_ours.frame = [](const Frame&) { throw std::out_of_range("no such thing"); };
    start(std::move(of_ours));
    connection::send(peer_->lane(), EvidenceObject{.key = "k", .bytes = "b"});
    std::promise<Error> ended;
    std::thread waiter([&] { ended.set_value(ours_->wait_closed()); });
    auto reason = ended.get_future();
    const bool has_ended = reason.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    ASSERT_TRUE(has_ended);  // else the thread below never ends either
    waiter.join();
    EXPECT_EQ(reason.get().code(), ErrorCode::internal);
}

TEST_F(ControlChannelTest, AGoodbyeEndsTheSession) {
    start();
    connection::send(peer_->lane(), Goodbye{.reason = "the agent stops"});
    const Error reason = ours_->wait_closed();
    EXPECT_EQ(reason.code(), ErrorCode::connection_lost);
    EXPECT_NE(reason.message().find("the agent stops"), std::string::npos);
}

TEST_F(ControlChannelTest, ARequestThatDoesNotParseEndsTheSession) {
    ours_.emplace(lanes_.first, clock_, callbacks());
    ours_->start(long_wait);
    lanes_.second->send(Frame{.kind = MessageKind::request, .body = "\xff"});
    EXPECT_EQ(ours_->wait_closed().code(), ErrorCode::malformed);
}

}  // namespace
}  // namespace farshore::session
