#include "protocol/message_content.hpp"

#include "tests/protocol/message_round_trip.hpp"
#include "tests/support/names.hpp"

namespace farshore {
namespace {

using test::decode_error;
using test::round_trip;

using test::uploads;

TEST(MessageContent, EveryMessageComesBack) {
    EXPECT_EQ(round_trip(ContentWhole{uploads, sha256("abc"), "abc"}).content, "abc");
    EXPECT_EQ(round_trip(ContentWhole{uploads, sha256(""), ""}).sha256, sha256(""));
    EXPECT_EQ(round_trip(ContentBegin{7, uploads, "a/b", 1'000, 7, sha256("x")}).expected_size,
              1'000U);
    EXPECT_EQ(round_trip(ContentData{7, "piece"}).content, "piece");
    EXPECT_EQ(round_trip(ContentEnd{7, 5, sha256("piece")}).size, 5U);
    EXPECT_EQ(round_trip(ContentAbort{7}).transfer, 7U);
}

TEST(MessageContent, TheLargestFit) {
    const std::string largest(limits::small_file, 'x');
    const ContentWhole whole{uploads, sha256(largest), largest};
    EXPECT_EQ(from_frame<ContentWhole>(to_frame(whole)).content, largest);
}

TEST(MessageContent, PiecesAreNeitherEmptyNorTooLarge) {
    ByteWriter out;
    out.u64(7).bytes("");
    EXPECT_EQ(decode_error<ContentData>(out.take()), ErrorCode::malformed);
    out.u64(7).bytes(std::string(limits::payload_piece + 1, 'x'));
    EXPECT_EQ(decode_error<ContentData>(out.take()), ErrorCode::malformed);
}

}  // namespace
}  // namespace farshore
