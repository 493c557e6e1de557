#include "agent/primary/bulk_sender.hpp"

#include <gtest/gtest.h>

#include "tests/support/memory_lane.hpp"
#include "tests/support/names.hpp"

namespace farshore::primary {
namespace {

using test::uploads;

// A sender over `count` lanes, and their other ends.
struct Lanes {
    explicit Lanes(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            auto [ours, theirs] = test::make_lane_pair();
            near.push_back(ours);
            far.push_back(theirs);
        }
    }
    std::vector<Frame> arrived(std::size_t lane) const {
        std::vector<Frame> frames;
        while (auto frame = far[lane]->receive(Duration{})) {
            frames.push_back(std::move(*frame));
        }
        return frames;
    }
    std::vector<std::shared_ptr<connection::Lane>> near;
    std::vector<std::shared_ptr<connection::Lane>> far;
};

TEST(BulkSender, ALargeFileNeverGoesInTheWayOfSmallOnes) {
    Lanes lanes(3);
    BulkSender sender(lanes.near);
    for (int i = 0; i < 4; ++i) {
        const std::uint64_t transfer = sender.begin({uploads, "big", 3, 0, {}});
        sender.data(transfer, "abc");
        sender.end(transfer, 3, sha256("abc"));
    }
    sender.whole(uploads, sha256("x"), "x");
    EXPECT_EQ(sender.sent(), (LaneCounts{1, 2, 2}));
    const std::vector<Frame> small = lanes.arrived(0);
    ASSERT_EQ(small.size(), 1u);
    EXPECT_EQ(from_frame<ContentWhole>(small[0]).content, "x");
}

TEST(BulkSender, ATransferStaysOnItsLaneInItsOrder) {
    Lanes lanes(3);
    BulkSender sender(lanes.near);
    const std::uint64_t one = sender.begin({uploads, "big", 3, 0, {}});
    const std::uint64_t other = sender.begin({uploads, "big", 3, 0, {}});
    sender.data(other, "ABC");
    sender.data(one, "abc");
    sender.abort(other);
    sender.end(one, 3, sha256("abc"));
    for (const std::size_t lane : {1u, 2u}) {
        const std::vector<Frame> frames = lanes.arrived(lane);
        ASSERT_EQ(frames.size(), 3u);
        const auto begun = from_frame<ContentBegin>(frames[0]);
        EXPECT_EQ(from_frame<ContentData>(frames[1]).transfer, begun.transfer);
        EXPECT_EQ(from_frame<ContentData>(frames[1]).content,
                  begun.transfer == one ? "abc" : "ABC");
        EXPECT_EQ(frames[2].kind,
                  begun.transfer == one ? MessageKind::content_end : MessageKind::content_abort);
    }
}

TEST(BulkSender, OneLaneCarriesEverything) {
    Lanes lanes(1);
    BulkSender sender(lanes.near);
    const std::uint64_t transfer = sender.begin({uploads, "big", 1, 0, {}});
    EXPECT_EQ(sender.sent(), LaneCounts{0});  // a beginning ends no content
    sender.data(transfer, "a");
    sender.end(transfer, 1, sha256("a"));
    sender.whole(uploads, sha256("x"), "x");
    sender.abort(sender.begin({uploads, "big", 1, 0, {}}));
    EXPECT_EQ(sender.sent(), LaneCounts{3});
}

TEST(BulkSender, DataIsCutIntoPiecesThatAFrameHolds) {
    Lanes lanes(1);
    BulkSender sender(lanes.near);
    std::string content(limits::payload_piece + 5, 'a');
    content.back() = 'z';
    sender.data(sender.begin({uploads, "big", content.size(), 0, {}}), content);
    std::string joined;
    for (const Frame& frame : lanes.arrived(0)) {
        if (frame.kind == MessageKind::content_data) {
            joined += from_frame<ContentData>(frame).content;
        }
    }
    EXPECT_EQ(joined, content);
}

TEST(BulkSender, WhatTheLaneDidNotTakeIsNotCounted) {
    Lanes lanes(1);
    BulkSender sender(lanes.near);
    sender.whole(uploads, sha256("x"), "x");
    EXPECT_EQ(sender.sent(), LaneCounts{1});
    lanes.far[0]->close(Error(ErrorCode::connection_lost, "gone"));
    sender.push(uploads, sha256("y"), "y");
    EXPECT_THROW(sender.flush_pushed(), Error);
    EXPECT_EQ(sender.sent(), LaneCounts{1});
}

TEST(BulkSender, SmallFilesArePackedAndNoneIsHeldBackFromACount) {
    Lanes lanes(1);
    BulkSender sender(lanes.near);
    sender.whole(uploads, sha256("a"), "a");
    sender.whole(uploads, sha256("b"), "b");
    EXPECT_EQ(sender.sent(), LaneCounts{1});
    sender.push(uploads, sha256("c"), "c");
    sender.push(SourceName("other"), sha256("d"), "d");  // of another tree: a message of its own
    sender.flush_pushed();
    EXPECT_EQ(sender.sent(), LaneCounts{3});
    const std::vector<Frame> frames = lanes.arrived(0);
    ASSERT_EQ(frames.size(), 3u);
    const auto pack = from_frame<ContentPack>(frames[0]);
    ASSERT_EQ(pack.contents.size(), 2u);
    EXPECT_EQ(pack.contents[1].sha256, sha256("b"));
    EXPECT_EQ(from_frame<ContentWhole>(frames[1]).content, "c");
    EXPECT_EQ(from_frame<ContentWhole>(frames[2]).tree, SourceName("other"));
}

TEST(BulkSender, AFullPackGoesByItself) {
    Lanes lanes(1);
    BulkSender sender(lanes.near);
    const std::string content(limits::small_file / 4, 'x');
    for (int i = 0; i < 10; ++i) {
        sender.push(uploads, sha256(content), content);
    }
    EXPECT_FALSE(lanes.arrived(0).empty());
}

}  // namespace
}  // namespace farshore::primary
