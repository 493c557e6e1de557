#include "storage/state/captured_entry.hpp"

#include <gtest/gtest.h>

namespace farshore::storage {
namespace {

TEST(CapturedEntry, IdentityMovesWithEveryChangeOfTheFile) {
    FileStatus status;
    status.inode = 5;
    status.ctime = {10, 20};
    const StatIdentity identity = identity_of(status);
    EXPECT_EQ(identity, identity_of(status));
    for (const auto change :
         {+[](FileStatus& s) { s.inode += 1; }, +[](FileStatus& s) { s.filesystem += 1; },
          +[](FileStatus& s) { s.size += 1; }, +[](FileStatus& s) { s.links += 1; },
          +[](FileStatus& s) { s.mtime.nanoseconds += 1; },
          +[](FileStatus& s) { s.ctime.nanoseconds += 1; }}) {
        FileStatus changed = status;
        change(changed);
        EXPECT_NE(identity, identity_of(changed));
    }
}

TEST(CapturedEntry, BytesThatAreNoEntryAreDamage) {
    try {
        (void)read_entry("nonsense");
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::state_damaged);
    }
}

}  // namespace
}  // namespace farshore::storage
