#include "storage/state/held_deletions.hpp"

#include <gtest/gtest.h>

#include "storage/state/cut_commit.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

using test::uploads;
const SourceName invoices("invoices");
constexpr std::int64_t second = 1'000'000'000;

class HeldDeletionsTest : public testing::Test {
  protected:
    void hold(const std::vector<std::string>& paths, std::int64_t at_seconds) {
        Transaction transaction(state_.database());
        held_.hold(uploads, paths, {at_seconds * second}, 400);
        transaction.commit();
    }

    test::TemporaryDirectory directory_;
    PrimaryState state_{directory_ / "state.db"};
    HeldDeletions held_{state_.database()};
};

TEST_F(HeldDeletionsTest, WhatComesSoonJoinsABatch) {
    hold({"a", "b"}, 10);
    hold({"c", "a"}, 60);  // one of them is held already
    hold({"d"}, 200);
    const auto batches = held_.batches();
    ASSERT_EQ(batches.size(), 2U);
    EXPECT_EQ(batches[0].entries, 3U);
    EXPECT_EQ(batches[0].of_entries, 400U);
    EXPECT_EQ(batches[0].since, Timestamp{10 * second});
    EXPECT_EQ(batches[0].latest, Timestamp{60 * second});
    EXPECT_EQ(batches[1].entries, 1U);
    EXPECT_EQ(held_.paths(batches[0].id, 2).size(), 2U);
    EXPECT_EQ(held_.find(uploads, "d")->batch, batches[1].id);
    EXPECT_FALSE(held_.find(invoices, "d").has_value());
}

TEST_F(HeldDeletionsTest, WhatComesBackLeavesItsBatch) {
    hold({"a", "b"}, 10);
    held_.let_go(uploads, {"a", "never held"});
    EXPECT_EQ(held_.batches().at(0).entries, 1U);
    held_.let_go(uploads, {"b"});
    EXPECT_TRUE(held_.batches().empty());
    EXPECT_FALSE(held_.has_any(uploads));
}

TEST_F(HeldDeletionsTest, ApprovalIsForWhatIsHeldThen) {
    hold({"a", "b"}, 10);
    const std::uint64_t id = held_.batches().at(0).id;
    EXPECT_EQ(held_.approve(id), 2U);
    EXPECT_FALSE(held_.approve(id).has_value());
    EXPECT_EQ(held_.approved(uploads, 10).size(), 2U);
    EXPECT_TRUE(held_.find(uploads, "a")->approved);
    hold({"c"}, 20);
    ASSERT_EQ(held_.batches().size(), 1U);
    EXPECT_GT(held_.batches()[0].id, id);
    EXPECT_EQ(held_.batches()[0].entries, 1U);
    held_.let_go(uploads, {"a", "b"});
    EXPECT_TRUE(held_.approved(uploads, 10).empty());
    EXPECT_EQ(held_.batches()[0].entries, 1U);
}

TEST_F(HeldDeletionsTest, WhatMovedToAnotherTreeIsFoundThere) {
    CapturedEntry row;
    row.entry.path = "moved";
    row.entry.sha256 = sha256("content");
    row.identity.filesystem = 7;
    row.identity.inode = 42;
    CutCommit commit(state_);
    commit.put(invoices, row);
    commit.commit();
    const auto bytes = [](const Digest& digest) {
        return std::string_view(reinterpret_cast<const char*>(digest.bytes.data()),
                                digest.bytes.size());
    };
    const Digest same = sha256("content");
    const Digest another = sha256("else");
    EXPECT_TRUE(held_.is_elsewhere(uploads, 7, 42, bytes(same)));
    EXPECT_TRUE(held_.is_elsewhere(uploads, 7, 42, ""));
    EXPECT_FALSE(held_.is_elsewhere(uploads, 7, 42, bytes(another)));
    EXPECT_FALSE(held_.is_elsewhere(uploads, 8, 42, bytes(same)));
    EXPECT_FALSE(held_.is_elsewhere(invoices, 7, 42, bytes(same)));
}

TEST_F(HeldDeletionsTest, WhatIsHeldAlreadyMakesNoBatch) {
    hold({"a"}, 10);
    hold({"a"}, 200);
    EXPECT_EQ(held_.batches().size(), 1U);
}

}  // namespace
}  // namespace farshore::storage
