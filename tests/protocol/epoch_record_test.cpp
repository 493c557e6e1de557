#include "protocol/epoch_record.hpp"

#include <gtest/gtest.h>

#include "tests/protocol/evidence_test_forms.hpp"
#include "tests/support/sample_evidence.hpp"

namespace farshore {
namespace {

TEST(EpochRecord, RoundTrips) {
    EpochRecord record = test::sample_epoch();
    EXPECT_EQ(parse_epoch_record(to_payload(record)).take(), record);
    record.epoch = Epoch(2);
    record.previous = sha256("epoch 1");
    EXPECT_EQ(parse_epoch_record(to_payload(record)).take(), record);
}

TEST(EpochRecord, IsReadStrictly) {
    test::expect_strict(to_payload(test::sample_epoch()),
                        "epoch opened previous primary reason stream", parse_epoch_record);
}

TEST(EpochRecord, OnlyTheFirstHasNoPrevious) {
    EpochRecord record = test::sample_epoch();
    record.previous = sha256("x");
    EXPECT_FALSE(parse_epoch_record(to_payload(record)).ok());
    record = test::sample_epoch();
    record.epoch = Epoch(2);
    EXPECT_FALSE(parse_epoch_record(to_payload(record)).ok());
}

}  // namespace
}  // namespace farshore
