#pragma once
// Bulk lanes: a large file of which the secondary may have much already. The primary tells the
// recipe, the secondary asks for the pieces that it has nowhere (WIRE.md, "A recipe").

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/frame.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/recipe.hpp"

namespace farshore {

// Like ContentBegin; ends with ContentEnd or ContentAbort as well.
struct RecipeBegin {
    static constexpr MessageKind kind = MessageKind::recipe_begin;
    std::uint64_t transfer = 0;
    SourceName tree;
    std::string path;
    std::uint64_t expected_size = 0;
    RecipeShape shape;
    // Other files of the tree that may hold some of it, limits::recipe_bases at most.
    std::vector<std::string> bases;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static RecipeBegin decode(ByteReader& in);
};

// The next chunks of the file.
struct RecipeChunks {
    static constexpr MessageKind kind = MessageKind::recipe_chunks;
    std::uint64_t transfer = 0;
    std::vector<Chunk> chunks;  // 1 to limits::recipe_chunks

    void encode(ByteWriter& out) const;
    [[nodiscard]] static RecipeChunks decode(ByteReader& in);
};

// There are no more chunks; what is wanted is still answered.
struct RecipeEnd {
    static constexpr MessageKind kind = MessageKind::recipe_end;
    std::uint64_t transfer = 0;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static RecipeEnd decode(ByteReader& in);
};

// A piece of the file, and what the secondary has where it expects the same.
struct WantedPiece {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;          // 1 to limits::payload_piece
    std::vector<std::uint64_t> pages;  // page_hashes() of what it has; may be fewer, or none

    bool operator==(const WantedPiece&) const = default;
};

// secondary -> primary. The last one may be empty: nothing more is wanted.
struct PiecesWanted {
    static constexpr MessageKind kind = MessageKind::pieces_wanted;
    std::uint64_t transfer = 0;
    bool last = false;
    std::vector<WantedPiece> pieces;  // limits::wanted_pieces at most

    void encode(ByteWriter& out) const;
    [[nodiscard]] static PiecesWanted decode(ByteReader& in);
};

// The answer to one piece: the runs that differ from the pages that were told, ascending.
struct PiecePatch {
    static constexpr MessageKind kind = MessageKind::piece_patch;
    struct Run {
        std::uint32_t at = 0;  // within the piece
        std::string content;

        bool operator==(const Run&) const = default;
    };
    std::uint64_t transfer = 0;
    std::uint64_t offset = 0;  // of the piece
    std::vector<Run> runs;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static PiecePatch decode(ByteReader& in);
};

}  // namespace farshore
