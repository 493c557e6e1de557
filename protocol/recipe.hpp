#pragma once
// Recipes (pure): a file as a list of content-defined chunks, so that what moved within it, or was
// in another file, is found again wherever it is.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace farshore {

// Where chunks end and how they are named. Both ends of a transfer use the same shape, and no two
// transfers one seed: nobody can prepare contents whose chunks are named alike, and what was
// mistaken once is not mistaken again.
struct RecipeShape {
    std::uint64_t seed = 0;
    // Chunks have 2^bits bytes at least, twice as many on average, eight times as many at most.
    std::uint8_t bits = 13;

    static constexpr std::uint8_t fewest_bits = 13;
    static constexpr std::uint8_t most_bits = 19;

    [[nodiscard]] std::uint64_t least() const { return std::uint64_t{1} << bits; }
    [[nodiscard]] std::uint64_t most() const { return std::uint64_t{8} << bits; }
    // A recipe of some ten thousand chunks, however large the file is, up to 1 MiB a chunk.
    [[nodiscard]] static std::uint8_t bits_for(std::uint64_t file_size);

    bool operator==(const RecipeShape&) const = default;
};

// The hash is keyed and short: it finds candidates. The truth is the SHA-256 of the whole file.
struct Chunk {
    std::uint32_t length = 0;
    std::uint64_t hash = 0;

    bool operator==(const Chunk&) const = default;
};

// Content in, in pieces of any size; chunks out, in order, the same for the same content.
// A chunk ends behind 64 bytes whose gear hash has `bits` zeros at its top, but not before it has
// its least length, and at its greatest at the latest.
class Chunker {
  public:
    using Take = std::function<void(const Chunk&)>;

    explicit Chunker(RecipeShape shape);
    ~Chunker();
    Chunker(const Chunker&) = delete;
    Chunker& operator=(const Chunker&) = delete;

    void feed(std::string_view piece, const Take& take);
    // The last chunk, if there is one.
    void finish(const Take& take);

  private:
    struct State;

    // How much of `piece` belongs to the chunk that is open; sets `ended_`.
    [[nodiscard]] std::size_t scan(std::string_view piece);
    void close(const Take& take);

    RecipeShape shape_;
    std::unique_ptr<State> state_;
    std::uint64_t length_ = 0;  // of the chunk that is open
    std::uint64_t gear_ = 0;
    bool ended_ = false;
};

// Inside a chunk that changed: the hashes of the pages of `content`, which is at `offset` of the
// new file, to find those that did not. The pages are the file's own (recipe_page bytes each from
// its beginning, as databases and kernels write them): the first and the last one may be shorter.
[[nodiscard]] std::vector<std::uint64_t> page_hashes(std::string_view content, std::uint64_t offset,
                                                     std::uint64_t seed);

// A run of pages that differ.
struct PageRun {
    std::uint32_t at = 0;
    std::uint32_t length = 0;

    bool operator==(const PageRun&) const = default;
};
// Which parts of `content` are not what `pages` says; what has no page differs.
[[nodiscard]] std::vector<PageRun> differing_runs(std::string_view content, std::uint64_t offset,
                                                  const std::vector<std::uint64_t>& pages,
                                                  std::uint64_t seed);

}  // namespace farshore
