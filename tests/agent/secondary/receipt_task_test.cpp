#include "agent/secondary/receipt_task.hpp"

#include <gtest/gtest.h>

#include "agent/runtime/system_clock.hpp"
#include "tests/support/sample_evidence.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {
namespace {

const Digest epoch_digest = sha256("epoch record");

class ReceiptTaskTest : public testing::Test {
  protected:
    ReceiptTaskTest() { state_.enter_epoch(Epoch(1)); }

    ReceiptTask task() {
        return ReceiptTask({.state_file = file_,
                            .stream = StreamName("shop"),
                            .agent = AgentName("app-west"),
                            .key = test::west_key(),
                            .interval = [] { return Duration::from_ms(3'600'000); },
                            .clock = clock_,
                            .offset = [] { return std::optional<Estimate>(); },
                            .on_queued = [] {}});
    }
    // Mark `number` is received, as cut `number`.
    void receive(std::uint64_t number) {
        Mark mark = test::sample_mark();
        mark.mark = MarkNumber(number);
        const std::string payload = to_payload(mark);
        state_.commit_received(
            {.cut = CutNumber(number),
             .base = CutNumber(number - 1),
             .is_mark = true,
             .marks = {{MarkNumber(number),
                        seal_envelope(payload_type::mark, payload, test::east_key()),
                        sha256(payload)}},
             .databases = {},
             .as_of = {},
             .primary_boot_id = "boot"},
            {test::sample_time(), std::nullopt});
    }
    // The receipts that were queued since the last call.
    std::vector<Receipt> queued() {
        std::vector<Receipt> receipts;
        while (const auto item = outbox_.next()) {
            const auto opened =
                open_envelope(item->bytes, payload_type::receipt, test::shop_trust()).take();
            receipts.push_back(parse_receipt(opened.payload).take());
            outbox_.done(*item);
        }
        return receipts;
    }

    test::TemporaryDirectory directory_;
    const std::string file_ = directory_ / "state.db";
    runtime::SystemClock clock_;
    storage::SecondaryState state_{file_};
    storage::Database database_{file_};
    storage::Outbox outbox_{database_};
};

TEST_F(ReceiptTaskTest, BeforeTheEpochIsKnownNothingIsTold) {
    ReceiptTask of = task();
    receive(1);
    of.write_now();
    EXPECT_TRUE(queued().empty());
    of.begin_epoch(Epoch(1), epoch_digest, AgentName("app-east"));
    of.write_now();
    const auto receipts = queued();
    ASSERT_EQ(receipts.size(), 1u);
    EXPECT_EQ(receipts[0].previous, epoch_digest);
    ASSERT_EQ(receipts[0].received.size(), 1u);
    EXPECT_EQ(receipts[0].received[0].mark, MarkNumber(1));
}

TEST_F(ReceiptTaskTest, EachMarkIsToldOnceWhenReceivedAndOnceWhenApplied) {
    ReceiptTask of = task();
    of.begin_epoch(Epoch(1), epoch_digest, AgentName("app-east"));
    receive(1);
    receive(2);
    of.write_now();
    of.write_now();
    const auto received = queued();
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].received.size(), 2u);
    EXPECT_TRUE(received[0].applied.empty());
    const std::map<SourceName, Digest> digests{{SourceName("uploads"), sha256("tree")}};
    state_.commit_applied(CutNumber(1), {test::sample_time(), std::nullopt}, digests);
    of.write_now();
    const auto applied = queued();
    ASSERT_EQ(applied.size(), 1u);
    EXPECT_TRUE(applied[0].received.empty());
    ASSERT_EQ(applied[0].applied.size(), 1u);
    EXPECT_EQ(applied[0].applied[0].sources, digests);
    EXPECT_EQ(applied[0].sequence, Sequence(2));
}

TEST_F(ReceiptTaskTest, ARestartGoesOnWhereItWas) {
    receive(1);
    {
        ReceiptTask before = task();
        before.begin_epoch(Epoch(1), epoch_digest, AgentName("app-east"));
        before.write_now();
    }
    receive(2);
    ReceiptTask after = task();
    after.begin_epoch(Epoch(1), epoch_digest, AgentName("app-east"));
    after.write_now();
    const auto receipts = queued();
    ASSERT_EQ(receipts.size(), 2u);
    ASSERT_EQ(receipts[1].received.size(), 1u);
    EXPECT_EQ(receipts[1].received[0].mark, MarkNumber(2));
    EXPECT_EQ(receipts[1].previous, sha256(to_payload(receipts[0])));
}

}  // namespace
}  // namespace farshore::secondary
