#include "protocol/receipt.hpp"

#include <gtest/gtest.h>

#include "tests/protocol/evidence_test_forms.hpp"
#include "tests/support/sample_evidence.hpp"

namespace farshore {
namespace {

TEST(Receipt, RoundTrips) {
    Receipt receipt = test::sample_receipt();
    EXPECT_EQ(parse_receipt(to_payload(receipt)).take(), receipt);
    receipt.offset.reset();
    receipt.offset_error.reset();
    receipt.received.front().clock_error.reset();
    receipt.applied.clear();
    EXPECT_EQ(parse_receipt(to_payload(receipt)).take(), receipt);
    receipt.offset = Duration{-5'000'000'001};
    EXPECT_EQ(parse_receipt(to_payload(receipt)).take(), receipt);
}

TEST(Receipt, IsReadStrictly) {
    test::expect_strict(to_payload(test::sample_receipt()),
                        "agent applied epoch marks offset_error_seconds offset_seconds previous "
                        "primary received sequence stream at mark sources mark_digest "
                        "clock_error_seconds",
                        parse_receipt);
}

TEST(Receipt, NumbersRise) {
    Receipt receipt = test::sample_receipt();
    receipt.received.push_back(receipt.received.front());
    EXPECT_FALSE(parse_receipt(to_payload(receipt)).ok());
    receipt = test::sample_receipt();
    receipt.applied.push_back(receipt.applied.front());
    EXPECT_FALSE(parse_receipt(to_payload(receipt)).ok());
    receipt = test::sample_receipt();
    receipt.received.front().mark = MarkNumber(0);
    EXPECT_FALSE(parse_receipt(to_payload(receipt)).ok());
}

}  // namespace
}  // namespace farshore
