#include "storage/evidence/chain_standing.hpp"

#include <gtest/gtest.h>

#include "protocol/error.hpp"
#include "storage/evidence/evidence_tables.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

TEST(ChainStanding, EpochsBeginOnceAndNeverGoBack) {
    const test::TemporaryDirectory directory;
    Database database(directory / "state.db");
    make_evidence_tables(database);
    const ChainKind kind = ChainKind::receipts;
    EXPECT_FALSE(read_standing(database, kind).has_value());
    EXPECT_TRUE(begin_chain(database, kind, Epoch(2), sha256("2")));
    EXPECT_FALSE(begin_chain(database, kind, Epoch(2), sha256("2")));
    EXPECT_THROW(begin_chain(database, kind, Epoch(2), sha256("x")), Error);
    EXPECT_THROW(begin_chain(database, kind, Epoch(1), sha256("1")), Error);
    ChainStanding standing = *read_standing(database, kind);
    EXPECT_EQ(standing.previous, sha256("2"));
    EXPECT_TRUE(standing.sequence.is_zero());
    standing.sequence = Sequence(5);
    standing.last_mark = MarkNumber(UINT64_MAX);
    write_standing(database, kind, standing);
    EXPECT_EQ(read_standing(database, kind)->last_mark, MarkNumber(UINT64_MAX));
    EXPECT_FALSE(read_standing(database, ChainKind::manifests).has_value());
    EXPECT_TRUE(begin_chain(database, kind, Epoch(3), sha256("3")));
    EXPECT_TRUE(read_standing(database, kind)->sequence.is_zero());
}

}  // namespace
}  // namespace farshore::storage
