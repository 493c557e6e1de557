#include "protocol/version.hpp"

#include <gtest/gtest.h>

#include "protocol/message_session.hpp"

namespace farshore {
namespace {

TEST(Version, TheHighestOfBoth) {
    EXPECT_EQ(choose_version({1, 1}, {1, 1}).value(), 1);
    EXPECT_EQ(choose_version({1, 3}, {2, 5}).value(), 3);
    EXPECT_EQ(choose_version({2, 5}, {1, 3}).value(), 3);
    EXPECT_EQ(choose_version({1, 9}, {4, 4}).value(), 4);
}

TEST(Version, APeerFromTheFutureIsToldBothRanges) {
    const auto result = choose_version({1, 1}, {2, 4});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), ErrorCode::bad_version);
    EXPECT_EQ(result.error().message(),
              "this agent speaks versions 1 to 1 of the protocol, the peer 2 to 4");
    EXPECT_FALSE(choose_version({3, 4}, {1, 2}).ok());
    EXPECT_FALSE(choose_version({1, 4}, {3, 2}).ok());
}

TEST(Version, TheRangeOfAHelloWhoseRestIsUnknown) {
    ByteWriter out;
    out.u16(2).u16(4).raw("what version 2 says in a hello");
    EXPECT_EQ(hello_versions({MessageKind::hello, out.take()}).value(), (VersionRange{2, 4}));
    EXPECT_FALSE(hello_versions({MessageKind::hello, "abc"}).ok());
    EXPECT_FALSE(hello_versions({MessageKind::ping, "abcdef"}).ok());
}

}  // namespace
}  // namespace farshore
