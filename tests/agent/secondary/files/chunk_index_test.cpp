#include "agent/secondary/files/chunk_index.hpp"

#include <gtest/gtest.h>

#include <random>

#include "protocol/limits.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {
namespace {

TEST(ChunkIndex, FindsChunksWhereTheyAreAndTheLikelyPlaceFirst) {
    const test::TemporaryDirectory directory;
    storage::PosixFileSystem files;
    const storage::Handle root = files.open_root(directory.path());
    std::mt19937_64 random(3);
    std::string content(200'000, '\0');
    for (char& byte : content) {
        byte = static_cast<char>(random());
    }
    const std::string zeros(4 * 65'536, '\0');
    test::write_whole(directory / "one", content);
    test::write_whole(directory / "zeros", zeros);
    const RecipeShape fine{9, 13};
    ChunkIndex index(fine);
    index.add(files, files.open_file(root, "one"), 0, {});
    index.add(files, files.open_file(root, "zeros"), 1, {});
    index.finish();

    std::uint64_t offset = 0;
    Chunker chunker(fine);
    const auto found = [&](const Chunk& chunk) {
        EXPECT_EQ(index.find(chunk, {}), (ChunkPlace{0, offset}));
        offset += chunk.length;
        EXPECT_EQ(index.find({chunk.length + 1, chunk.hash}, {}), std::nullopt);
    };
    chunker.feed(content, found);
    chunker.finish(found);
    EXPECT_EQ(offset, content.size());
    chunker.feed(zeros.substr(0, 65'536), [&](const Chunk& chunk) {
        EXPECT_EQ(index.find(chunk, {}), (ChunkPlace{1, 0}));
        EXPECT_EQ(index.find(chunk, {1, 131'072}), (ChunkPlace{1, 131'072}));
    });
    EXPECT_EQ(index.find({1, 1}, {}), std::nullopt);
}

}  // namespace
}  // namespace farshore::secondary
