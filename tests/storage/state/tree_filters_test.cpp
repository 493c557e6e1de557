#include "storage/state/tree_filters.hpp"

#include <gtest/gtest.h>

#include "storage/state/primary_state.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

using test::uploads;

using Patterns = std::vector<std::string>;

TEST(TreeFiltersTest, AChangeIsNoticedUntilAScanHasSeenIt) {
    test::TemporaryDirectory directory;
    PrimaryState state(directory / "state.db");
    TreeFilters filters(state.database());
    EXPECT_FALSE(filters.recognise(uploads, {"*.tmp"}, {1}).changed.has_value());
    const KnownFilters same = filters.recognise(uploads, {"*.tmp"}, {2});
    EXPECT_FALSE(same.changed.has_value());
    EXPECT_FALSE(same.before.has_value());
    const KnownFilters changed = filters.recognise(uploads, {"/cache/"}, {3});
    EXPECT_EQ(changed.changed, Timestamp{3});
    EXPECT_EQ(changed.before, Patterns{"*.tmp"});
    // Changed once more before any scan: both stand.
    EXPECT_EQ(filters.recognise(uploads, {}, {4}).before, (Patterns{"*.tmp", "/cache/"}));
    filters.come_to_terms(uploads);
    const KnownFilters after = filters.recognise(uploads, {}, {5});
    EXPECT_FALSE(after.before.has_value());
    EXPECT_EQ(after.changed, Timestamp{4});
}

}  // namespace
}  // namespace farshore::storage
