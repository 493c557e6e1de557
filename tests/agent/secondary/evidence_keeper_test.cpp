#include "agent/secondary/evidence_keeper.hpp"

#include <gtest/gtest.h>

#include "agent/runtime/system_clock.hpp"
#include "tests/support/evidence_world.hpp"

namespace farshore::secondary {
namespace {

// The evidence of a primary, and a secondary that keeps what is sent of it.
class EvidenceKeeperTest : public testing::Test {
  protected:
    EvidenceKeeperTest() { world_.run(3); }

    EvidenceKeeper keeper(bool mirror = false) {
        return EvidenceKeeper({.kept = kept_,
                               .state_file = directory_ / "state.db",
                               .stream = world_.stream,
                               .agent = AgentName("app-west"),
                               .mirror = mirror,
                               .trust = world_.trust,
                               .clock = clock_,
                               .on_epoch =
                                   [this](const storage::OpenedEpoch& epoch) {
                                       epochs_.push_back(epoch.record.epoch);
                                   },
                               .on_queued = [this] { ++queued_; }});
    }
    [[nodiscard]] EvidenceObject whole(const std::string& key) const {
        return {.key = key, .bytes = world_.store.objects.at(key), .offset = 0, .last = true};
    }
    static ErrorCode refusal(EvidenceKeeper& keeper, const EvidenceObject& piece) {
        try {
            keeper.take(piece);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    }

    test::EvidenceWorld world_;
    test::TemporaryDirectory directory_;
    test::MemoryStore kept_;
    runtime::SystemClock clock_;
    std::vector<Epoch> epochs_;
    int queued_ = 0;
    const storage::ChainKey chain_{world_.stream, Epoch(1), world_.east};
    const std::string first_ = world_.manifest_key(1);
    const std::string epoch_ = storage::make_key(storage::EpochKey{world_.stream, Epoch(1)});
};

TEST_F(EvidenceKeeperTest, AnObjectIsKeptWhenItsLastPieceCame) {
    EvidenceKeeper of = keeper();
    const std::string& bytes = world_.store.objects.at(first_);
    of.take({.key = first_, .bytes = bytes.substr(0, 10), .offset = 0, .last = false});
    of.take({.key = first_, .bytes = bytes.substr(10, 7), .offset = 10, .last = false});
    EXPECT_TRUE(kept_.objects.empty());
    of.take({.key = first_, .bytes = bytes.substr(17), .offset = 17, .last = true});
    EXPECT_EQ(kept_.objects.at(first_), bytes);
}

TEST_F(EvidenceKeeperTest, AMissingPieceIsRefused) {
    EvidenceKeeper of = keeper();
    of.take({.key = first_, .bytes = "0123456789", .offset = 0, .last = false});
    EXPECT_EQ(refusal(of, {.key = first_, .bytes = "x", .offset = 11, .last = true}),
              ErrorCode::malformed);
    EXPECT_EQ(refusal(of, {.key = world_.manifest_key(2), .bytes = "x", .offset = 10}),
              ErrorCode::malformed);
    EXPECT_TRUE(kept_.objects.empty());
}

TEST_F(EvidenceKeeperTest, ANewSessionTellsAPartAgainFromItsBeginning) {
    EvidenceKeeper of = keeper();
    const std::string& bytes = world_.store.objects.at(first_);
    of.take({.key = first_, .bytes = bytes.substr(0, 10), .offset = 0, .last = false});
    of.begin_session();
    EXPECT_EQ(refusal(of, {.key = first_, .bytes = bytes.substr(10), .offset = 10}),
              ErrorCode::malformed);
    of.take(whole(first_));
    EXPECT_EQ(kept_.objects.at(first_), bytes);
}

TEST_F(EvidenceKeeperTest, ASecondVersionOfAnObjectIsAFork) {
    EvidenceKeeper of = keeper();
    of.take(whole(first_));
    of.take(whole(first_));
    EvidenceObject other = whole(first_);
    other.bytes += " ";
    EXPECT_EQ(refusal(of, other), ErrorCode::chain_broken);
    EXPECT_EQ(kept_.objects.at(first_), world_.store.objects.at(first_));
}

TEST_F(EvidenceKeeperTest, WhatIsNoKeyOfAnObjectIsRefused) {
    EvidenceKeeper of = keeper();
    EXPECT_EQ(refusal(of, {.key = "../../etc/passwd", .bytes = "x"}), ErrorCode::malformed);
    EXPECT_TRUE(kept_.objects.empty());
}

TEST_F(EvidenceKeeperTest, AnEpochIsToldOnceItIsChecked) {
    EvidenceKeeper of = keeper();
    of.restore(world_.stream, Epoch(1));
    EXPECT_TRUE(epochs_.empty());  // not kept yet
    of.take(whole(epoch_));
    EXPECT_EQ(epochs_, std::vector<Epoch>{Epoch(1)});
    of.restore(world_.stream, Epoch(1));
    EXPECT_EQ(epochs_.size(), 2u);
}

TEST_F(EvidenceKeeperTest, HeldIsTheLastManifestOfTheChain) {
    EvidenceKeeper of = keeper();
    EXPECT_EQ(of.held(chain_), Sequence(0));
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
        of.take(whole(world_.changes_key(sequence)));
        EXPECT_EQ(of.held(chain_), Sequence(sequence - 1));
        of.take(whole(world_.manifest_key(sequence)));
        EXPECT_EQ(of.held(chain_), Sequence(sequence));
    }
}

TEST_F(EvidenceKeeperTest, OnlyAMirrorQueuesItForTheStore) {
    storage::Database database(directory_ / "state.db");
    storage::Outbox outbox(database);
    keeper(false).take(whole(first_));
    EXPECT_EQ(outbox.figures().queued, 0u);
    keeper(true).take(whole(first_));
    EXPECT_EQ(outbox.next()->bytes, world_.store.objects.at(first_));
    EXPECT_EQ(queued_, 1);
}

TEST_F(EvidenceKeeperTest, WhatAnEpochIsNotIsNotKept) {
    EvidenceKeeper of = keeper(true);
    EvidenceObject other = whole(first_);
    other.key = epoch_;
    EXPECT_NE(refusal(of, other), ErrorCode::internal);
    EXPECT_TRUE(kept_.objects.empty());
    EXPECT_EQ(queued_, 0);
    of.take(whole(epoch_));
    EXPECT_EQ(epochs_.size(), 1U);
}

TEST_F(EvidenceKeeperTest, OurOwnEvidenceAndAnotherStreamsAreNotThePrimarysToTell) {
    EvidenceKeeper of = keeper(true);
    const AgentName west("app-west");
    for (const std::string& key :
         {storage::make_key(storage::ReceiptKey{{world_.stream, Epoch(1), west}, Sequence(1)}),
          storage::make_key(storage::ManifestKey{{world_.stream, Epoch(2), west}, Sequence(1)}),
          storage::make_key(storage::EpochKey{StreamName("other"), Epoch(1)})}) {
        EXPECT_EQ(refusal(of, {.key = key, .bytes = "x"}), ErrorCode::malformed) << key;
    }
    EXPECT_TRUE(kept_.objects.empty());
    EXPECT_EQ(queued_, 0);
}

// Else it would never come again, and the store of this host would lack it for good.
TEST_F(EvidenceKeeperTest, AMirrorHasQueuedWhatIsKept) {
    EvidenceKeeper of = keeper(true);
    kept_.lose_answers = true;  // the process ends just behind it
    EXPECT_EQ(refusal(of, whole(first_)), ErrorCode::store_unavailable);
    EXPECT_EQ(kept_.objects.count(first_), 1U);
    storage::Database database(directory_ / "state.db");
    EXPECT_EQ(storage::Outbox(database).keys().count(first_), 1U);
}

}  // namespace
}  // namespace farshore::secondary
