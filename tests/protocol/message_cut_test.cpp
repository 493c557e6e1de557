#include "protocol/message_cut.hpp"

#include "protocol/sequence_values.hpp"
#include "tests/protocol/message_round_trip.hpp"
#include "tests/support/names.hpp"

namespace farshore {
namespace {

using test::decode_error;
using test::encoded;
using test::round_trip;

using test::app;
using test::uploads;

TEST(MessageCut, Begin) {
    const std::string sequences = encode_sequences({{"public.s", 4, true}});
    const CutBegin begin{CutNumber(9),
                         CutNumber(7),
                         {{app, Lsn(5)}},
                         {{uploads, BootTime{3}}},
                         std::string(cut_identity_bytes, 'i'),
                         {{app, sequences}}};
    const CutBegin read = round_trip(begin);
    EXPECT_EQ(read.databases, begin.databases);
    EXPECT_EQ(read.as_of, begin.as_of);
    EXPECT_EQ(read.sequences, begin.sequences);
    EXPECT_EQ(decode_error<CutBegin>(encoded(CutBegin{CutNumber(9),
                                                      CutNumber(7),
                                                      {},
                                                      {},
                                                      std::string(cut_identity_bytes, 'i'),
                                                      {{app, "damaged"}}})),
              ErrorCode::malformed);
    EXPECT_EQ(decode_error<CutBegin>(encoded(CutBegin{CutNumber(7), CutNumber(7), {}, {}})),
              ErrorCode::malformed);
}

TEST(MessageCut, MapsHaveOneForm) {
    ByteWriter out;
    out.u64(9).u64(7).u32(2).bytes("b").u64(1).bytes("a").u64(1).u32(0);
    EXPECT_EQ(decode_error<CutBegin>(out.take()), ErrorCode::malformed);
    out.u64(9).u64(7).u32(2).bytes("a").u64(1).bytes("a").u64(1).u32(0);
    EXPECT_EQ(decode_error<CutBegin>(out.take()), ErrorCode::malformed);
    out.u64(9).u64(7).u32(1).bytes("../a").u64(1).u32(0);
    EXPECT_EQ(decode_error<CutBegin>(out.take()), ErrorCode::malformed);
}

TEST(MessageCut, Entries) {
    FileEntry file;
    file.path = "2026/a.jpg";
    file.mark = MarkNumber(4);
    file.mode = 0644;
    file.size = 3;
    file.sha256 = sha256("abc");
    FileEntry gone;
    gone.path = "old.jpg";
    gone.type = EntryType::deleted;
    const CutEntries entries{uploads, {file, gone}};
    EXPECT_EQ(round_trip(entries).entries, entries.entries);
    EXPECT_EQ(round_trip(CutEntries{uploads, {}}).tree, uploads);
    FileEntry outside = gone;
    outside.path = "../outside";
    const ErrorCode code = decode_error<CutEntries>(encoded(CutEntries{uploads, {outside}}));
    EXPECT_TRUE(code == ErrorCode::unsafe_path || code == ErrorCode::malformed);
}

TEST(MessageCut, EndAndSentCountTheLanes) {
    EXPECT_EQ(round_trip(CutEnd{CutNumber(9), {1, 2, 3}, true}).sent, (LaneCounts{1, 2, 3}));
    EXPECT_EQ(round_trip(ContentSent{CutNumber(9), {4}, 5}).missing, 5U);
    ByteWriter out;
    out.u64(9).u32(17);
    for (int i = 0; i < 17; ++i) {
        out.u64(0);
    }
    out.boolean(false);
    EXPECT_EQ(decode_error<CutEnd>(out.take()), ErrorCode::malformed);
}

TEST(MessageCut, Wanted) {
    const ContentWanted wanted{CutNumber(9), false, {{uploads, "a/b", sha256("b"), 17}}};
    const ContentWanted read = round_trip(wanted);
    EXPECT_EQ(read.items[0].path, "a/b");
    EXPECT_EQ(read.items[0].size, 17U);
    for (const char* path : {"/etc/passwd", "a/../../b", "", "a//b", "./a"}) {
        const ContentWanted unsafe{CutNumber(9), true, {{uploads, path, Digest{}, 0}}};
        EXPECT_EQ(decode_error<ContentWanted>(encoded(unsafe)), ErrorCode::unsafe_path) << path;
    }
}

TEST(MessageCut, MarkReceivedApplied) {
    EXPECT_EQ(round_trip(CutMark{"{\"payload\": …}"}).envelope, "{\"payload\": …}");
    EXPECT_EQ(round_trip(Received{CutNumber(9)}).cut, CutNumber(9));
    const Applied applied{CutNumber(9), {{uploads, sha256("tree")}}};
    EXPECT_EQ(round_trip(applied).trees, applied.trees);
}

}  // namespace
}  // namespace farshore
