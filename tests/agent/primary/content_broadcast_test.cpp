#include "agent/primary/content_broadcast.hpp"

#include <gtest/gtest.h>

#include "tests/support/memory_lane.hpp"
#include "tests/support/names.hpp"

namespace farshore::primary {
namespace {

using test::uploads;

// One secondary with one lane.
struct Peer {
    Peer() {
        auto [ours, theirs] = test::make_lane_pair();
        far = theirs;
        sender = std::make_shared<BulkSender>(std::vector<std::shared_ptr<connection::Lane>>{ours});
    }
    void lose() const { far->close(Error(ErrorCode::connection_lost, "gone")); }
    [[nodiscard]] std::uint64_t sent() const { return sender->sent().front(); }

    std::shared_ptr<connection::Lane> far;
    std::shared_ptr<BulkSender> sender;
};

TEST(ContentBroadcast, EverySessionGetsTheContent) {
    ContentBroadcast broadcast;
    const Peer one;
    const Peer other;
    EXPECT_FALSE(broadcast.is_connected());
    broadcast.add(one.sender);
    broadcast.add(other.sender);
    broadcast.whole(uploads, sha256("x"), "x");
    broadcast.flush();
    EXPECT_EQ(one.sent(), 1u);
    EXPECT_EQ(other.sent(), 1u);
    broadcast.remove(one.sender);
    broadcast.whole(uploads, sha256("y"), "y");
    broadcast.flush();
    EXPECT_EQ(one.sent(), 1u);
    EXPECT_EQ(other.sent(), 2u);
}

TEST(ContentBroadcast, ALostSessionIsLeftOutAndTheOthersGoOn) {
    ContentBroadcast broadcast;
    const Peer lost;
    const Peer other;
    broadcast.add(lost.sender);
    broadcast.add(other.sender);
    const std::uint64_t transfer = broadcast.begin({uploads, "big", 2, 0, {}});
    broadcast.data(transfer, "a");
    lost.lose();
    broadcast.data(transfer, "b");
    broadcast.end(transfer, 2, sha256("ab"));
    broadcast.whole(uploads, sha256("x"), "x");
    broadcast.flush();
    EXPECT_EQ(lost.sent(), 0u);
    EXPECT_EQ(other.sent(), 2u);
}

TEST(ContentBroadcast, WithNobodyLeftTheTransferGivesUp) {
    ContentBroadcast broadcast;
    const Peer lost;
    broadcast.add(lost.sender);
    const std::uint64_t transfer = broadcast.begin({uploads, "big", 2, 0, {}});
    lost.lose();
    EXPECT_THROW(broadcast.data(transfer, "a"), Error);
    broadcast.abort(transfer);
    broadcast.whole(uploads, sha256("x"), "x");
    broadcast.flush();
    EXPECT_FALSE(broadcast.is_connected());
}

TEST(ContentBroadcast, ASessionThatFallsBehindIsNotWaitedFor) {
    ContentBroadcast broadcast;
    const Peer slow;  // nobody reads its lane
    broadcast.add(slow.sender);
    const std::string content(limits::small_file, 'x');
    const Digest digest = sha256(content);
    const std::size_t more_than_a_window = 2 * limits::lane_window / content.size() + 2;
    for (std::size_t i = 0; i < more_than_a_window; ++i) {
        broadcast.whole(uploads, digest, content);
    }
    EXPECT_LT(slow.sent(), more_than_a_window);
    EXPECT_TRUE(broadcast.is_connected());
}

TEST(ContentBroadcast, ASessionThatCameLaterGetsNoRestOfATransfer) {
    ContentBroadcast broadcast;
    const Peer first;
    const Peer late;
    broadcast.add(first.sender);
    const std::uint64_t transfer = broadcast.begin({uploads, "big", 1, 0, {}});
    broadcast.add(late.sender);
    broadcast.data(transfer, "a");
    broadcast.end(transfer, 1, sha256("a"));
    EXPECT_EQ(first.sent(), 1u);
    EXPECT_EQ(late.far->receive(Duration{}), std::nullopt);
}

}  // namespace
}  // namespace farshore::primary
