#include "protocol/recipe.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>

#include "protocol/assert.hpp"
#include "protocol/limits.hpp"

namespace farshore {

namespace {

// The gear hash forgets what is further back: a bit is shifted out after so many steps.
constexpr std::uint64_t window = 64;
// Chunks of a recipe, roughly, where the file is large enough and not too large.
constexpr std::uint64_t wanted_chunks = 16 * limits::kib;

using Table = std::array<std::uint64_t, 256>;

// SplitMix64, the usual way to make many words of one.
Table gear_table(std::uint64_t seed) {
    Table table{};
    for (std::uint64_t& word : table) {
        seed += 0x9E3779B97F4A7C15U;
        std::uint64_t mixed = seed;
        mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
        word = mixed ^ (mixed >> 31U);
    }
    return table;
}

std::uint64_t hash_of(std::string_view content, std::uint64_t seed) {
    return XXH3_64bits_withSeed(content.data(), content.size(), seed);
}

// The page, or what of it is in `content`, that begins `at` there; content is at `offset` of a
// file.
std::string_view page_at(std::string_view content, std::uint64_t offset, std::size_t at) {
    return content.substr(at, limits::recipe_page - (offset + at) % limits::recipe_page);
}

}  // namespace

std::uint8_t RecipeShape::bits_for(std::uint64_t file_size) {
    std::uint8_t bits = fewest_bits;
    while (bits < most_bits && (file_size >> (bits + 1U)) > wanted_chunks) {
        ++bits;
    }
    return bits;
}

struct Chunker::State {
    explicit State(std::uint64_t seed) : table(gear_table(seed)), hash(XXH3_createState()) {
        FARSHORE_ASSERT(hash != nullptr);
    }
    ~State() { XXH3_freeState(hash); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Table table;
    XXH3_state_t* hash;
};

Chunker::Chunker(RecipeShape shape) : shape_(shape), state_(std::make_unique<State>(shape.seed)) {
    FARSHORE_ASSERT(shape.bits >= RecipeShape::fewest_bits && shape.bits <= RecipeShape::most_bits);
    XXH3_64bits_reset_withSeed(state_->hash, shape_.seed);
}

Chunker::~Chunker() = default;

std::size_t Chunker::scan(std::string_view piece) {
    const std::uint64_t left = shape_.most() - length_;
    const std::size_t limit = std::min<std::uint64_t>(piece.size(), left);
    std::size_t at = 0;
    // What lies before the first place where the chunk may end is not looked at.
    const std::uint64_t warming = shape_.least() - window;
    if (length_ < warming) {
        at = std::min<std::uint64_t>(limit, warming - length_);
        gear_ = 0;
    }
    const Table& table = state_->table;
    std::uint64_t gear = gear_;
    const std::uint64_t before_least = length_ < shape_.least() ? shape_.least() - length_ - 1 : 0;
    for (; at < std::min<std::uint64_t>(limit, before_least); ++at) {
        gear = (gear << 1U) + table[static_cast<unsigned char>(piece[at])];
    }
    const std::uint64_t top = ~std::uint64_t{0} << (64U - shape_.bits);
    for (; at < limit; ++at) {
        gear = (gear << 1U) + table[static_cast<unsigned char>(piece[at])];
        if ((gear & top) == 0) {
            ended_ = true;
            gear_ = gear;
            return at + 1;
        }
    }
    gear_ = gear;
    ended_ = limit == left;
    return limit;
}

void Chunker::close(const Take& take) {
    take({static_cast<std::uint32_t>(length_), XXH3_64bits_digest(state_->hash)});
    XXH3_64bits_reset_withSeed(state_->hash, shape_.seed);
    length_ = 0;
    gear_ = 0;
    ended_ = false;
}

void Chunker::feed(std::string_view piece, const Take& take) {
    while (!piece.empty()) {
        const std::size_t taken = scan(piece);
        XXH3_64bits_update(state_->hash, piece.data(), taken);
        length_ += taken;
        piece.remove_prefix(taken);
        if (ended_) {
            close(take);
        }
    }
}

void Chunker::finish(const Take& take) {
    if (length_ > 0) {
        close(take);
    }
}

std::vector<std::uint64_t> page_hashes(std::string_view content, std::uint64_t offset,
                                       std::uint64_t seed) {
    std::vector<std::uint64_t> hashes;
    hashes.reserve(content.size() / limits::recipe_page + 2);
    for (std::size_t at = 0; at < content.size();) {
        const std::string_view page = page_at(content, offset, at);
        hashes.push_back(hash_of(page, seed));
        at += page.size();
    }
    return hashes;
}

std::vector<PageRun> differing_runs(std::string_view content, std::uint64_t offset,
                                    const std::vector<std::uint64_t>& pages, std::uint64_t seed) {
    std::vector<PageRun> runs;
    std::size_t number = 0;
    std::string_view page;
    for (std::size_t at = 0; at < content.size(); at += page.size(), ++number) {
        page = page_at(content, offset, at);
        if (number < pages.size() && pages[number] == hash_of(page, seed)) {
            continue;
        }
        if (!runs.empty() && runs.back().at + runs.back().length == at) {
            runs.back().length += static_cast<std::uint32_t>(page.size());
        } else {
            runs.push_back(
                {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(page.size())});
        }
    }
    return runs;
}

}  // namespace farshore
