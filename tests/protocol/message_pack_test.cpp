#include "protocol/message_pack.hpp"

#include "tests/protocol/message_round_trip.hpp"
#include "tests/support/names.hpp"

namespace farshore {
namespace {

using test::decode_error;
using test::round_trip;

using test::uploads;

TEST(ContentPack, ComesBackInOrder) {
    const ContentPack pack =
        round_trip(ContentPack{uploads, {{sha256("one"), "one"}, {sha256(""), ""}}});
    EXPECT_EQ(pack.tree, uploads);
    ASSERT_EQ(pack.contents.size(), 2U);
    EXPECT_EQ(pack.contents[0].sha256, sha256("one"));
    EXPECT_EQ(pack.contents[0].bytes, "one");
    EXPECT_EQ(pack.contents[1].bytes, "");
}

TEST(ContentPack, TheLargestFitsAFrame) {
    const std::string largest(limits::small_file, 'x');
    ContentPack pack{uploads, {{sha256(largest), largest}, {sha256(largest), largest}}};
    while (pack.contents.size() < limits::pack_contents) {
        pack.contents.push_back({sha256(""), ""});
    }
    EXPECT_EQ(from_frame<ContentPack>(to_frame(pack)).contents.size(), limits::pack_contents);
}

TEST(ContentPack, NothingAndTooMuchAreRefused) {
    ByteWriter out;
    out.bytes("uploads").u32(0);
    EXPECT_EQ(decode_error<ContentPack>(out.take()), ErrorCode::malformed);
    out.bytes("uploads").u32(limits::pack_contents + 1);
    EXPECT_EQ(decode_error<ContentPack>(out.take()), ErrorCode::malformed);
    const std::string half(limits::pack_bytes / 2 + 1, 'x');
    const std::string digest(32, '\0');
    out.bytes("uploads").u32(2).raw(digest).bytes(half).raw(digest).bytes(half);
    EXPECT_EQ(decode_error<ContentPack>(out.take()), ErrorCode::malformed);
    out.bytes("uploads").u32(3).raw(digest).bytes("only one");
    EXPECT_EQ(decode_error<ContentPack>(out.take()), ErrorCode::malformed);
}

}  // namespace
}  // namespace farshore
