#pragma once
// Every limit of wire and formats, and the relations among them.

#include <cstddef>
#include <cstdint>

namespace farshore::limits {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t gib = 1024 * mib;

// A frame's body, before and after compression.
constexpr std::size_t frame_body = 1 * mib;
// What a sender puts into one frame of content or database changes.
constexpr std::size_t payload_piece = 256 * kib;
// Files up to this size travel whole in one message and are read at once; larger ones are streamed.
constexpr std::size_t small_file = 256 * kib;
// Small files that travel in one message: so many, of so many bytes together.
constexpr std::size_t pack_contents = 4096;
constexpr std::size_t pack_bytes = 512 * kib;
// What one lane may hold in memory in each direction.
constexpr std::size_t lane_window = 8 * mib;
constexpr std::size_t bulk_lanes = 16;
// Chunks of one RecipeChunks message, pieces of one ChunksWanted, and what is compared inside a
// piece.
constexpr std::size_t recipe_chunks = 4096;
constexpr std::size_t wanted_pieces = 256;
constexpr std::size_t recipe_page = 4 * kib;
// Files of its tree that a recipe names as places to look in.
constexpr std::size_t recipe_bases = 4;
// Contents of a tree that a secondary keeps the beginnings of.
constexpr std::size_t begun_contents = 16;
constexpr std::size_t sources = 64;

// Linux: a path handed to the kernel ends at 4096 bytes; ours are walked component by component.
constexpr std::size_t path = 64 * kib;
constexpr std::size_t path_component = 255;
constexpr std::size_t symlink_target = 4 * kib;
constexpr std::size_t xattr_name = 255;
constexpr std::size_t xattr_value = 64 * kib;
constexpr std::size_t xattrs_total = 512 * kib;

// One signed envelope (mark, manifest, receipt); a mark holds at most mark_pending_paths paths.
constexpr std::size_t mark_envelope = 2 * mib;
constexpr std::size_t evidence_object = 256 * mib;
constexpr std::size_t mark_pending_paths = 100;
constexpr std::size_t mark_uncovered = 100;  // of each source
constexpr std::size_t json_depth = 32;
// Values of one document: a manifest or receipt has some hundred thousand at most.
constexpr std::size_t json_values = 2'000'000;
// One entry's line in a change list.
constexpr std::size_t listing_line = 2 * mib;

// Entries that one cut takes from a running scan; the rest goes out in later cuts.
constexpr std::size_t cut_scan_entries = 20'000;
// Items of one ContentWanted message.
constexpr std::size_t wanted_items = 1'000;
// One row of pgoutput: PostgreSQL's own limit of 1 GiB for a message.
constexpr std::size_t database_record = 1 * gib;
// A row up to this size is held whole where it is applied; a larger one passes in pieces.
constexpr std::size_t whole_record = 4 * mib;

constexpr std::size_t text = 64 * kib;  // reasons, hints and messages for people

static_assert(payload_piece + 4 * kib <= frame_body, "a piece and its header fit into a frame");
static_assert(payload_piece % recipe_page == 0, "a piece is a whole number of pages");
static_assert(wanted_pieces * (payload_piece / recipe_page * 8 + 32) <= frame_body,
              "the pages of all pieces fit into a frame");
static_assert(small_file + 4 * kib <= frame_body, "a small file fits into a frame");
static_assert(small_file <= pack_bytes, "a small file fits into a pack");
static_assert(pack_bytes + pack_contents * 36 + 4 * kib <= frame_body, "a pack fits a frame");
static_assert(xattrs_total + path + symlink_target + 4 * kib <= frame_body,
              "an entry fits a frame");
static_assert(payload_piece <= whole_record, "a record in pieces may still be held whole");
static_assert(frame_body * 4 <= lane_window, "a lane holds several frames");
static_assert(path_component < path);

}  // namespace farshore::limits
