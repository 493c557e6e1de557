#include "protocol/recipe.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "protocol/limits.hpp"

namespace farshore {
namespace {

constexpr RecipeShape shape{.seed = 7, .bits = 13};

std::string noise(std::size_t size, std::uint32_t seed = 1) {
    std::mt19937_64 random(seed);
    std::string content(size, '\0');
    for (char& byte : content) {
        byte = static_cast<char>(random());
    }
    return content;
}

std::vector<Chunk> chunks_of(std::string_view content, std::size_t piece = 256 * limits::kib,
                             RecipeShape with = shape) {
    std::vector<Chunk> chunks;
    Chunker chunker(with);
    const auto take = [&](const Chunk& chunk) { chunks.push_back(chunk); };
    for (; !content.empty(); content.remove_prefix(std::min(piece, content.size()))) {
        chunker.feed(content.substr(0, piece), take);
    }
    chunker.finish(take);
    return chunks;
}

std::size_t unknown_bytes(const std::vector<Chunk>& of, const std::vector<Chunk>& known) {
    std::set<std::uint64_t> hashes;
    for (const Chunk& chunk : known) {
        hashes.insert(chunk.hash);
    }
    std::size_t bytes = 0;
    for (const Chunk& chunk : of) {
        bytes += hashes.contains(chunk.hash) ? 0 : chunk.length;
    }
    return bytes;
}

TEST(Recipe, ChunksCoverTheContentWithinTheirBounds) {
    const std::string content = noise(4 * limits::mib);
    const std::vector<Chunk> chunks = chunks_of(content);
    std::size_t sum = 0;
    for (const Chunk& chunk : chunks) {
        EXPECT_LE(chunk.length, shape.most());
        EXPECT_TRUE(chunk.length >= shape.least() || sum + chunk.length == content.size());
        sum += chunk.length;
    }
    EXPECT_EQ(sum, content.size());
    const std::size_t average = content.size() / chunks.size();
    EXPECT_GT(average, 3 * shape.least() / 2);
    EXPECT_LT(average, 5 * shape.least() / 2);
}

TEST(Recipe, ThePiecesInWhichContentComesDoNotMatter) {
    const std::string content = noise(limits::mib + 17);
    const std::vector<Chunk> whole = chunks_of(content, content.size());
    for (const std::size_t piece : {std::size_t{1}, std::size_t{63}, std::size_t{8191},
                                    std::size_t{8192}, std::size_t{65'537}}) {
        EXPECT_EQ(chunks_of(content, piece), whole) << piece;
    }
}

TEST(Recipe, AnInsertionChangesTheChunksAroundIt) {
    const std::string old = noise(8 * limits::mib);
    const std::vector<Chunk> known = chunks_of(old);
    EXPECT_LE(unknown_bytes(chunks_of("inserted" + old), known), 2 * shape.most());
    std::string middle = old;
    middle.insert(middle.size() / 2, noise(1'000, 2));
    EXPECT_LE(unknown_bytes(chunks_of(middle), known), 3 * shape.most());
    EXPECT_EQ(unknown_bytes(chunks_of(old.substr(0, old.size() / 2)), known) <= shape.most(), true);
}

TEST(Recipe, AnotherSeedGivesOtherChunksAndNames) {
    const std::string content = noise(limits::mib);
    const auto one = chunks_of(content);
    const auto other = chunks_of(content, 256 * limits::kib, {.seed = 8, .bits = 13});
    EXPECT_EQ(unknown_bytes(other, one), content.size());
}

TEST(Recipe, ContentWithoutAnEndIsCutAtTheGreatestLength) {
    const std::vector<Chunk> chunks = chunks_of(std::string(limits::mib, '\0'));
    for (const Chunk& chunk : chunks) {
        EXPECT_EQ(chunk, chunks.front());
    }
    EXPECT_EQ(limits::mib % chunks.front().length, 0U);
    EXPECT_TRUE(chunks_of("").empty());
    EXPECT_EQ(chunks_of("a").size(), 1U);
}

TEST(Recipe, LargerFilesHaveLargerChunks) {
    EXPECT_EQ(RecipeShape::bits_for(0), RecipeShape::fewest_bits);
    EXPECT_EQ(RecipeShape::bits_for(256 * limits::mib), 13);
    EXPECT_EQ(RecipeShape::bits_for(2 * limits::gib), 16);
    EXPECT_EQ(RecipeShape::bits_for(~std::uint64_t{0}), RecipeShape::most_bits);
}

TEST(Recipe, PagesThatDifferAreFound) {
    const std::string old = noise(5 * limits::recipe_page + 100);
    std::string changed = old;
    changed[1] ^= 1;
    changed[limits::recipe_page] ^= 1;
    changed[3 * limits::recipe_page] ^= 1;
    const auto pages = page_hashes(old, 0, 5);
    EXPECT_EQ(pages.size(), 6U);
    EXPECT_TRUE(differing_runs(old, 0, pages, 5).empty());
    EXPECT_EQ(differing_runs(changed, 0, pages, 5),
              (std::vector<PageRun>{{0, 2 * limits::recipe_page},
                                    {3 * limits::recipe_page, limits::recipe_page}}));
    // What there is no page of differs, and so does a page of another length.
    EXPECT_EQ(differing_runs(old + "x", 0, pages, 5),
              (std::vector<PageRun>{{5 * limits::recipe_page, 101}}));
    EXPECT_EQ(differing_runs("abc", 0, {}, 5), (std::vector<PageRun>{{0, 3}}));
    EXPECT_EQ(differing_runs(old, 0, pages, 6).size(), 1U);
}

TEST(Recipe, PagesAreThoseOfTheFileWhereverAPieceBegins) {
    const std::string file = noise(4 * limits::recipe_page);
    std::string changed = file;
    changed.replace(2 * limits::recipe_page, limits::recipe_page, noise(limits::recipe_page, 2));
    const std::size_t offset = limits::recipe_page - 100;
    const auto pages = page_hashes(std::string_view(file).substr(offset), offset, 5);
    EXPECT_EQ(pages.size(), 4U);
    EXPECT_EQ(differing_runs(std::string_view(changed).substr(offset), offset, pages, 5),
              (std::vector<PageRun>{{100 + limits::recipe_page, limits::recipe_page}}));
    EXPECT_TRUE(page_hashes("", offset, 5).empty());
}

}  // namespace
}  // namespace farshore
