#include "protocol/message_recipe.hpp"

#include "protocol/file_entry.hpp"
#include "protocol/wire_fields.hpp"

namespace farshore {

namespace {

constexpr std::size_t chunk_bytes = 12;
constexpr std::size_t wanted_piece_bytes = 16;
constexpr std::size_t run_bytes = 9;
constexpr std::size_t most_pages = limits::payload_piece / limits::recipe_page;

}  // namespace

void RecipeBegin::encode(ByteWriter& out) const {
    FARSHORE_ASSERT(bases.size() <= limits::recipe_bases);
    out.u64(transfer);
    wire::write(out, tree);
    out.bytes(path);
    out.u64(expected_size);
    out.u64(shape.seed);
    out.u8(shape.bits);
    out.u32(static_cast<std::uint32_t>(bases.size()));
    for (const std::string& base : bases) {
        out.bytes(base);
    }
}

RecipeBegin RecipeBegin::decode(ByteReader& in) {
    RecipeBegin message;
    message.transfer = in.u64();
    message.tree = wire::read_name<SourceNameTag>(in);
    message.path = read_safe_path(in);
    message.expected_size = in.u64();
    message.shape.seed = in.u64();
    message.shape.bits = in.u8();
    if (message.shape.bits < RecipeShape::fewest_bits ||
        message.shape.bits > RecipeShape::most_bits) {
        throw Error(ErrorCode::malformed, "a recipe of chunks of no size that is known");
    }
    const std::uint32_t count = wire::read_count(in, 4, limits::recipe_bases);
    for (std::uint32_t i = 0; i < count; ++i) {
        message.bases.push_back(read_safe_path(in));
    }
    return message;
}

void RecipeChunks::encode(ByteWriter& out) const {
    FARSHORE_ASSERT(!chunks.empty() && chunks.size() <= limits::recipe_chunks);
    out.u64(transfer);
    out.u32(static_cast<std::uint32_t>(chunks.size()));
    for (const Chunk& chunk : chunks) {
        out.u32(chunk.length);
        out.u64(chunk.hash);
    }
}

RecipeChunks RecipeChunks::decode(ByteReader& in) {
    RecipeChunks message;
    message.transfer = in.u64();
    const std::uint32_t count = wire::read_count(in, chunk_bytes, limits::recipe_chunks);
    message.chunks.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        Chunk chunk;
        chunk.length = in.u32();
        chunk.hash = in.u64();
        if (chunk.length == 0) {
            throw Error(ErrorCode::malformed, "a chunk is empty");
        }
        message.chunks.push_back(chunk);
    }
    if (message.chunks.empty()) {
        throw Error(ErrorCode::malformed, "a part of a recipe is empty");
    }
    return message;
}

void RecipeEnd::encode(ByteWriter& out) const {
    out.u64(transfer);
}

RecipeEnd RecipeEnd::decode(ByteReader& in) {
    return {in.u64()};
}

void PiecesWanted::encode(ByteWriter& out) const {
    FARSHORE_ASSERT(pieces.size() <= limits::wanted_pieces);
    out.u64(transfer);
    out.boolean(last);
    out.u32(static_cast<std::uint32_t>(pieces.size()));
    for (const WantedPiece& piece : pieces) {
        out.u64(piece.offset);
        out.u32(piece.length);
        out.u32(static_cast<std::uint32_t>(piece.pages.size()));
        for (const std::uint64_t page : piece.pages) {
            out.u64(page);
        }
    }
}

PiecesWanted PiecesWanted::decode(ByteReader& in) {
    PiecesWanted message;
    message.transfer = in.u64();
    message.last = in.boolean();
    const std::uint32_t count = wire::read_count(in, wanted_piece_bytes, limits::wanted_pieces);
    for (std::uint32_t i = 0; i < count; ++i) {
        WantedPiece piece;
        piece.offset = in.u64();
        piece.length = in.u32();
        if (piece.length == 0 || piece.length > limits::payload_piece) {
            throw Error(ErrorCode::malformed, "a wanted piece is empty or too large");
        }
        const std::uint32_t pages = wire::read_count(in, 8, most_pages);
        piece.pages.reserve(pages);
        for (std::uint32_t page = 0; page < pages; ++page) {
            piece.pages.push_back(in.u64());
        }
        message.pieces.push_back(std::move(piece));
    }
    return message;
}

void PiecePatch::encode(ByteWriter& out) const {
    out.u64(transfer);
    out.u64(offset);
    out.u32(static_cast<std::uint32_t>(runs.size()));
    for (const Run& run : runs) {
        out.u32(run.at);
        out.bytes(run.content);
    }
}

PiecePatch PiecePatch::decode(ByteReader& in) {
    PiecePatch message;
    message.transfer = in.u64();
    message.offset = in.u64();
    const std::uint32_t count = wire::read_count(in, run_bytes, most_pages);
    std::uint64_t end = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        Run run;
        run.at = in.u32();
        run.content = in.bytes(limits::payload_piece);
        if (run.content.empty() || run.at < end ||
            run.at + std::uint64_t{run.content.size()} > limits::payload_piece) {
            throw Error(ErrorCode::malformed, "the runs of a patch are not those of a piece");
        }
        end = run.at + std::uint64_t{run.content.size()};
        message.runs.push_back(std::move(run));
    }
    return message;
}

}  // namespace farshore
