#include "storage/evidence/receipt_writer.hpp"

#include <gtest/gtest.h>

#include "tests/support/evidence_world.hpp"

namespace farshore::storage {
namespace {

Receipt receipt_of(const test::EvidenceWorld& world, std::uint64_t sequence) {
    return parse_receipt(world.payload(world.receipt_key(sequence), payload_type::receipt)).take();
}

TEST(ReceiptWriter, SaysWhatWasAddedOnce) {
    test::EvidenceWorld world;
    world.run(2);
    for (std::uint64_t sequence : {1U, 2U}) {
        const Receipt receipt = receipt_of(world, sequence);
        ASSERT_EQ(receipt.received.size(), 3U);
        ASSERT_EQ(receipt.applied.size(), 3U);
        ASSERT_EQ(receipt.marks.size(), 3U);
        EXPECT_EQ(receipt.received.front().mark, MarkNumber(sequence * 3 - 2));
        EXPECT_EQ(receipt.primary, world.east);
        EXPECT_EQ(receipt.received.front().clock_error, Duration{2'000'000});
    }
    EXPECT_EQ(receipt_of(world, 2).previous,
              sha256(world.payload(world.receipt_key(1), payload_type::receipt)));
}

TEST(ReceiptWriter, NothingToSayIsNoReceipt) {
    test::EvidenceWorld world;
    EXPECT_FALSE(world.receipts.write(world.east, {}, {}, world.now).has_value());
    world.run(1);
    EXPECT_FALSE(world.receipts.write(world.east, {}, {}, world.now).has_value());
}

TEST(ReceiptWriter, WhatIsNotCommittedIsNotSaid) {
    test::EvidenceWorld world;
    {
        Transaction transaction(world.secondary_database());
        world.receipts.add_received({MarkNumber(1), world.now, {}, sha256("m")}, "{}");
    }
    EXPECT_FALSE(world.receipts.write(world.east, {}, {}, world.now).has_value());
}

TEST(ReceiptWriter, AMarkThatWasSaidIsNotSaidAgain) {
    test::EvidenceWorld world;
    world.run(1);
    Transaction transaction(world.secondary_database());
    world.receipts.add_received({MarkNumber(3), world.now, {}, sha256("m")}, "{}");
    transaction.commit();
    EXPECT_FALSE(world.receipts.write(world.east, {}, {}, world.now).has_value());
}

// A mark that was received and applied after the look at what was received.
TEST(ReceiptWriter, NoMarkIsAppliedBeforeAReceiptSaysItReceived) {
    test::EvidenceWorld world;
    world.run(1);
    {
        Transaction transaction(world.secondary_database());
        world.receipts.add_applied({MarkNumber(4), world.now, {}});
        transaction.commit();
    }
    EXPECT_FALSE(world.receipts.write(world.east, {}, {}, world.now).has_value());
    {
        Transaction transaction(world.secondary_database());
        world.receipts.add_received({MarkNumber(4), world.now, {}, sha256("m")}, "{}");
        transaction.commit();
    }
    ASSERT_TRUE(world.receipts.write(world.east, {}, {}, world.now).has_value());
    world.upload();
    const Receipt receipt = receipt_of(world, 2);
    ASSERT_EQ(receipt.applied.size(), 1U);
    EXPECT_EQ(receipt.received.back().mark, receipt.applied.back().mark);
}

// Weeks without a store: several receipts, each within its bound, applied never before received.
TEST(ReceiptWriter, ManyMarksBecomeSeveralReceipts) {
    test::EvidenceWorld world;
    const std::uint64_t marks = ReceiptWriter::greatest_marks * 2 + 10;
    {
        Transaction transaction(world.secondary_database());
        for (std::uint64_t i = 1; i <= marks; ++i) {
            world.receipts.add_received({MarkNumber(i), world.now, {}, sha256("m")}, "{}");
            world.receipts.add_applied({MarkNumber(i), world.now, {}});
        }
        transaction.commit();
    }
    while (world.receipts.write(world.east, {}, {}, world.now)) {
    }
    world.upload();
    std::uint64_t received = 0;
    std::uint64_t applied = 0;
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
        const Receipt receipt = receipt_of(world, sequence);
        EXPECT_LE(receipt.received.size(), ReceiptWriter::greatest_marks);
        received = receipt.received.back().mark.value();
        applied = receipt.applied.empty() ? applied : receipt.applied.back().mark.value();
        EXPECT_LE(applied, received);
    }
    EXPECT_EQ(received, marks);
    EXPECT_EQ(applied, marks);
}

}  // namespace
}  // namespace farshore::storage
