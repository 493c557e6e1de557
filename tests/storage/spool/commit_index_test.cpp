#include "storage/spool/commit_index.hpp"

#include <gtest/gtest.h>

namespace farshore::test {
namespace {

using namespace storage;

TEST(CommitIndex, ThinsItselfOutAndNeverNamesALaterOne) {
    CommitIndex index(8);
    EXPECT_FALSE(index.floor(Lsn(100)));
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        index.add({Lsn(i * 10), {1, i}});
        ASSERT_EQ(index.last()->commit_end, Lsn(i * 10));
    }
    EXPECT_FALSE(index.is_whole());
    EXPECT_FALSE(index.floor(Lsn(9)));
    for (std::uint64_t lsn = 10; lsn <= 10'100; lsn += 7) {
        const auto entry = index.floor(Lsn(lsn));
        ASSERT_TRUE(entry);
        EXPECT_LE(entry->commit_end, Lsn(lsn));
    }
    EXPECT_EQ(index.floor(Lsn(10'000))->position.offset, 1000U);
    index.clear();
    EXPECT_TRUE(index.is_whole());
    EXPECT_FALSE(index.last());
}

TEST(CommitIndex, IsExactWhileItIsWhole) {
    CommitIndex index(8);
    for (std::uint64_t i = 1; i <= 8; ++i) {
        index.add({Lsn(i * 10), {1, i}});
    }
    EXPECT_TRUE(index.is_whole());
    EXPECT_EQ(index.floor(Lsn(35))->commit_end, Lsn(30));
}

}  // namespace
}  // namespace farshore::test
