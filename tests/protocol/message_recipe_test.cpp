#include "protocol/message_recipe.hpp"

#include "tests/protocol/message_round_trip.hpp"
#include "tests/support/names.hpp"

namespace farshore {
namespace {

using test::decode_error;
using test::round_trip;

using test::uploads;

TEST(MessageRecipe, EveryMessageComesBack) {
    const auto begin = round_trip(RecipeBegin{7, uploads, "a/b", 1'000, {42, 14}, {"c", "d/e"}});
    EXPECT_EQ(begin.path, "a/b");
    EXPECT_EQ(begin.shape, (RecipeShape{42, 14}));
    EXPECT_EQ(begin.bases, (std::vector<std::string>{"c", "d/e"}));
    EXPECT_EQ(round_trip(RecipeChunks{7, {{8'192, 1}, {5, 2}}}).chunks,
              (std::vector<Chunk>{{8'192, 1}, {5, 2}}));
    EXPECT_EQ(round_trip(RecipeEnd{7}).transfer, 7U);
    const PiecesWanted wanted{7, true, {{0, 100, {1, 2}}, {4'096, 5, {}}}};
    EXPECT_EQ(round_trip(wanted).pieces, wanted.pieces);
    EXPECT_TRUE(round_trip(PiecesWanted{7, true, {}}).last);
    const PiecePatch patch{7, 4'096, {{0, "abc"}, {3, "x"}}};
    EXPECT_EQ(round_trip(patch).runs, patch.runs);
    EXPECT_TRUE(round_trip(PiecePatch{7, 0, {}}).runs.empty());
}

TEST(MessageRecipe, TheLargestFit) {
    PiecesWanted wanted{1, false, {}};
    const std::size_t pages = limits::payload_piece / limits::recipe_page;
    for (std::size_t i = 0; i < limits::wanted_pieces; ++i) {
        wanted.pieces.push_back({i, limits::payload_piece, std::vector<std::uint64_t>(pages, 1)});
    }
    EXPECT_EQ(from_frame<PiecesWanted>(to_frame(wanted)).pieces, wanted.pieces);
    const RecipeChunks chunks{1, std::vector<Chunk>(limits::recipe_chunks, Chunk{1, 1})};
    EXPECT_EQ(from_frame<RecipeChunks>(to_frame(chunks)).chunks, chunks.chunks);
    const PiecePatch patch{1, 0, {{0, std::string(limits::payload_piece, 'x')}}};
    EXPECT_EQ(from_frame<PiecePatch>(to_frame(patch)).runs, patch.runs);
}

TEST(MessageRecipe, WhatNoSenderSaysIsRefused) {
    ByteWriter out;
    RecipeBegin{7, uploads, "../etc/passwd", 1, {0, 13}, {}}.encode(out);
    EXPECT_EQ(decode_error<RecipeBegin>(out.take()), ErrorCode::unsafe_path);
    RecipeBegin{7, uploads, "a", 1, {0, 13}, {".farshore/marker.json"}}.encode(out);
    EXPECT_EQ(decode_error<RecipeBegin>(out.take()), ErrorCode::unsafe_path);
    RecipeBegin{7, uploads, "a", 1, {0, 40}, {}}.encode(out);
    EXPECT_EQ(decode_error<RecipeBegin>(out.take()), ErrorCode::malformed);
    out.u64(7).u32(0);
    EXPECT_EQ(decode_error<RecipeChunks>(out.take()), ErrorCode::malformed);
    out.u64(7).u32(1).u32(0).u64(1);
    EXPECT_EQ(decode_error<RecipeChunks>(out.take()), ErrorCode::malformed);
    out.u64(7).boolean(false).u32(1).u64(0).u32(0).u32(0);
    EXPECT_EQ(decode_error<PiecesWanted>(out.take()), ErrorCode::malformed);
    out.u64(7).boolean(false).u32(1).u64(0).u32(limits::payload_piece + 1).u32(0);
    EXPECT_EQ(decode_error<PiecesWanted>(out.take()), ErrorCode::malformed);
    // Runs that overlap, or go beyond a piece.
    out.u64(7).u64(0).u32(2).u32(0).bytes("abc").u32(2).bytes("x");
    EXPECT_EQ(decode_error<PiecePatch>(out.take()), ErrorCode::malformed);
    out.u64(7).u64(0).u32(1).u32(limits::payload_piece).bytes("x");
    EXPECT_EQ(decode_error<PiecePatch>(out.take()), ErrorCode::malformed);
}

}  // namespace
}  // namespace farshore
