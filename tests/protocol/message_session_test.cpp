#include "protocol/message_session.hpp"

#include "tests/protocol/message_round_trip.hpp"

namespace farshore {
namespace {

using test::decode_error;
using test::encoded;
using test::round_trip;

Hello make_hello() {
    Hello hello;
    hello.stream = StreamName("shop");
    hello.agent = AgentName("app-east");
    hello.epoch = Epoch(3);
    hello.session_id = "0123456789abcdef";
    hello.boot_id = "fedcba9876543210";
    hello.bulk_lanes = 2;
    hello.trees = {SourceName("uploads"), SourceName("mail")};
    hello.databases = {SourceName("app")};
    return hello;
}

TEST(MessageSession, HelloOfEveryLane) {
    Hello hello = make_hello();
    const Hello control = round_trip(hello);
    EXPECT_EQ(control.trees, hello.trees);
    EXPECT_EQ(control.session_id, hello.session_id);
    hello.lane = LaneKind::bulk;
    hello.bulk_index = 1;
    EXPECT_EQ(round_trip(hello).bulk_index, 1);
    hello.lane = LaneKind::database;
    hello.bulk_index = 0;
    hello.database = SourceName("app");
    EXPECT_EQ(round_trip(hello).database, hello.database);
}

TEST(MessageSession, HelloOfALaneThatCantBe) {
    Hello hello = make_hello();
    hello.bulk_lanes = 0;
    EXPECT_EQ(decode_error<Hello>(encoded(hello)), ErrorCode::malformed);
    hello.bulk_lanes = limits::bulk_lanes + 1;
    EXPECT_EQ(decode_error<Hello>(encoded(hello)), ErrorCode::malformed);
    hello = make_hello();
    hello.lane = LaneKind::bulk;
    hello.bulk_index = 2;
    EXPECT_EQ(decode_error<Hello>(encoded(hello)), ErrorCode::malformed);
    hello = make_hello();
    hello.lane = LaneKind::database;
    EXPECT_EQ(decode_error<Hello>(encoded(hello)), ErrorCode::malformed);
    hello = make_hello();
    hello.lane = static_cast<LaneKind>(4);
    EXPECT_EQ(decode_error<Hello>(encoded(hello)), ErrorCode::malformed);
    hello = make_hello();
    hello.agent = AgentName();
    EXPECT_EQ(decode_error<Hello>(encoded(hello)), ErrorCode::malformed);
}

TEST(MessageSession, Welcome) {
    Welcome welcome;
    welcome.version = 7;
    welcome.agent = AgentName("app-west");
    welcome.boot_id = "fedcba9876543210";
    welcome.received_cut = CutNumber(9);
    EXPECT_EQ(round_trip(welcome).version, 7);
    welcome.received_mark_digest = sha256("mark");
    welcome.begun[SourceName("uploads")] = {sha256("a/b"), sha256("c")};
    welcome.databases[SourceName("app")] = {true, Lsn(77), "7300000000000000001", 2, Lsn(99)};
    const Welcome read = round_trip(welcome);
    EXPECT_EQ(read.received_mark_digest, sha256("mark"));
    EXPECT_EQ(read.begun, welcome.begun);
    EXPECT_EQ(read.databases.at(SourceName("app")).received, Lsn(77));
    EXPECT_EQ(read.databases.at(SourceName("app")).whole_from, Lsn(99));
}

TEST(MessageSession, RefusalWithACodeFromTheFuture) {
    const Refusal refusal = round_trip(Refusal{ErrorCode::fenced, "epoch 2"});
    EXPECT_EQ(refusal.code, ErrorCode::fenced);
    ByteWriter out;
    out.u16(9'999).bytes("what nobody knows yet");
    EXPECT_EQ(from_frame<Refusal>({MessageKind::refusal, out.take()}).code, ErrorCode::unsupported);
}

TEST(MessageSession, TextsAreCutOffByTheWriter) {
    const Goodbye goodbye{std::string(limits::text + 10, 'a')};
    EXPECT_EQ(from_frame<Goodbye>(to_frame(goodbye)).reason.size(), limits::text);
    EXPECT_EQ(round_trip(Goodbye{"done"}).reason, "done");
}

TEST(MessageSession, AFaultIsTheSameOnTheOtherSide) {
    const PeerState stopped =
        round_trip(PeerState::of("uploads", Error(ErrorCode::disk_full, "no space")));
    EXPECT_EQ(stopped.source, "uploads");
    ASSERT_TRUE(stopped.fault());
    EXPECT_EQ(stopped.fault()->code(), ErrorCode::disk_full);
    EXPECT_EQ(stopped.fault()->message(), "no space");
    const PeerState streaming = round_trip(PeerState::of("uploads", std::nullopt));
    EXPECT_EQ(streaming.state, "streaming");
    EXPECT_FALSE(streaming.fault());
}

TEST(MessageSession, PingAndPong) {
    EXPECT_EQ(round_trip(Ping{5, {-3}}).sent, BootTime{-3});
    Pong pong{5, {1}, {2}, {3}, {4}, std::nullopt};
    EXPECT_FALSE(round_trip(pong).utc_error);
    pong.utc_error = Duration{17};
    EXPECT_EQ(round_trip(pong).utc_error, Duration{17});
}

TEST(MessageSession, EvidenceStaysWithinItsLimit) {
    EvidenceObject object{"manifests/shop/00000001/app-east/000000000001.json", "{}", 5, false};
    EXPECT_EQ(round_trip(object).offset, 5U);
    object.offset = limits::evidence_object;
    EXPECT_EQ(decode_error<EvidenceObject>(encoded(object)), ErrorCode::malformed);
    object.offset = UINT64_MAX;
    EXPECT_EQ(decode_error<EvidenceObject>(encoded(object)), ErrorCode::malformed);
}

TEST(MessageSession, RequestAndReply) {
    EXPECT_EQ(round_trip(Request{1, "flush", "{}"}).verb, "flush");
    EXPECT_FALSE(round_trip(Reply{1, true, std::nullopt, "{}"}).error);
    EXPECT_EQ(round_trip(Reply{1, false, ErrorCode::timeout, "late"}).error, ErrorCode::timeout);
}

}  // namespace
}  // namespace farshore
