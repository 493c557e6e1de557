#include "agent/runtime/tree_rights.hpp"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <unistd.h>

namespace farshore::runtime {
namespace {

TEST(TreeRights, WithAllOfThemNothingIsLacking) {
    EXPECT_TRUE(unseen_without_rights(~std::uint64_t{0}).empty());
    EXPECT_TRUE(unkept_without_rights(~std::uint64_t{0}).empty());
}

TEST(TreeRights, WithoutAnyEachIsNamedWithItsCapability) {
    ASSERT_EQ(unseen_without_rights(0).size(), 1U);
    EXPECT_EQ(unseen_without_rights(0).front(),
              (LackingRight{"xattrs trusted.*", "the agent has no CAP_SYS_ADMIN on this host"}));
    EXPECT_EQ(unkept_without_rights(0).size(), 6U);
}

TEST(TreeRights, OneThatIsThereIsNotNamed) {
    const auto lacking = unkept_without_rights(std::uint64_t{1} << CAP_MKNOD);
    EXPECT_EQ(lacking.size(), 5U);
    for (const LackingRight& right : lacking) {
        EXPECT_NE(right.what, "devices");
    }
}

TEST(TreeRights, TheKernelSaysWhichWeHave) {
    std::uint64_t mine = own_capabilities();
    if (::geteuid() != 0) {
        GTEST_SKIP() << "not root: which rights there are depends on who runs this";
    }
    EXPECT_NE(mine >> CAP_CHOWN & 1, 0U);
}

}  // namespace
}  // namespace farshore::runtime
