#include "agent/primary/files/replaced_name.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

using Names = std::vector<std::string>;

TEST(ReplacedName, IsWhatIsLeftWithoutWhatEditorsAdd) {
    EXPECT_EQ(names_replaced_by("a/.big.iso.Xa12"),
              (Names{"a/big.iso.Xa12", "a/big.iso", "a/big"}));
    EXPECT_EQ(names_replaced_by("big.tmp"), Names{"big"});
    EXPECT_EQ(names_replaced_by("big~"), Names{"big"});
    EXPECT_EQ(names_replaced_by("x/#big#"), Names{"x/big"});
    EXPECT_EQ(names_replaced_by("a.b.c.d.e.f"), (Names{"a.b.c.d.e", "a.b.c.d", "a.b.c"}));
}

TEST(ReplacedName, MostNamesReplaceNothingAndNoneLeavesItsDirectory) {
    for (const char* path : {"big", "a.b/big", ".", "~", "#", "a/.", ""}) {
        EXPECT_TRUE(names_replaced_by(path).empty()) << path;
    }
    EXPECT_EQ(names_replaced_by(".hidden"), Names{"hidden"});
    EXPECT_EQ(names_replaced_by("a/..b"), Names{"a/.b"});
}

}  // namespace
}  // namespace farshore::primary
