#pragma once
// Where the chunks of a recipe are on this host: in the files that were looked through.

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/runtime/stop_token.hpp"
#include "protocol/recipe.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::secondary {

struct ChunkPlace {
    std::size_t base = 0;
    std::uint64_t offset = 0;

    bool operator==(const ChunkPlace&) const = default;
};

// Nothing is remembered from one transfer to the next: a base is read when it is needed, so the
// index is never older than the file.
class ChunkIndex {
  public:
    explicit ChunkIndex(RecipeShape shape) : shape_(shape) {}

    // Reads `file` and takes in its chunks. Stops early at most_chunks, or when stopped.
    void add(storage::FileSystem& files, const storage::Handle& file, std::size_t base,
             const runtime::StopToken& stop);
    // After the last add().
    void finish();

    // `likely` when the chunk is there, else any place that has it.
    [[nodiscard]] std::optional<ChunkPlace> find(const Chunk& chunk,
                                                 const ChunkPlace& likely) const;

    // So much memory at most: 32 bytes each.
    static constexpr std::size_t most_chunks = 1'000'000;

  private:
    struct Entry {
        Chunk chunk;
        ChunkPlace place;
    };

    RecipeShape shape_;
    std::vector<Entry> entries_;  // by hash, then by place
};

}  // namespace farshore::secondary
