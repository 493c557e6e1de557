#pragma once
// One large file put together from its recipe: of what this host has, and of the pieces that it
// asks for.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/runtime/task_group.hpp"
#include "agent/secondary/files/chunk_index.hpp"
#include "agent/secondary/files/staging.hpp"
#include "protocol/message_recipe.hpp"

namespace farshore::secondary {

struct AssemblyParts {
    storage::FileSystem& files;
    std::uint64_t number = 0;  // of the transfer
    RecipeShape shape;
    std::unique_ptr<Staging::Transfer> target;
    // Where to look, the likeliest first: the older version of the file.
    std::vector<storage::Handle> bases;
    // To the primary; may wait for room on the lane.
    std::function<void(const PiecesWanted&)> ask;
    // Does it, again and again while the disk is full.
    std::function<void(const std::function<void()>& deed, const runtime::StopToken& stop)>
        with_room;
};

// Pieces are asked for ahead of where the file is written, so that a round trip is not paid for
// each; they are written in order, because the SHA-256 is. Invariants: what was asked for and is
// not written yet is at most most_ahead bytes; whatever happens, the primary is told in the end
// that nothing more is wanted.
class Assembly {
  public:
    explicit Assembly(AssemblyParts parts);
    ~Assembly();
    Assembly(const Assembly&) = delete;
    Assembly& operator=(const Assembly&) = delete;

    // What came, in its order, from the lane's thread; none of them waits.
    void take(RecipeChunks message);
    void take(const RecipeEnd& message);
    // Throws malformed when that was not asked for.
    void take(PiecePatch message);
    // Waits until the file is put together. False when something went wrong on this side: it has
    // to come another way. Throws what nobody can go on after, and cancelled at `stop`.
    [[nodiscard]] bool finish(std::uint64_t size, const Digest& sha256,
                              const runtime::StopToken& stop);

    static constexpr std::uint64_t most_ahead = 16 * limits::mib;

  private:
    struct Step {
        std::uint64_t offset = 0;
        std::uint32_t length = 0;
        enum class From : std::uint8_t { place, base, primary } from = From::primary;
        std::optional<ChunkPlace> likely;  // base: where it is; primary: what it is a patch of
    };

    void run(const runtime::StopToken& stop);
    void look_through_bases(const runtime::StopToken& stop);
    void look_through_target(const runtime::StopToken& stop);
    void plan_ahead();
    void plan(const Chunk& chunk, PiecesWanted& wanted);
    void want(std::uint64_t offset, std::uint32_t length, PiecesWanted& wanted);
    void say_last();
    [[nodiscard]] std::optional<Chunk> next_chunk();
    [[nodiscard]] bool is_in_place(const Chunk& chunk) const;
    // False when the recipe is over, or stop.
    [[nodiscard]] bool wait(const runtime::StopToken& stop);
    void perform(const Step& step, const runtime::StopToken& stop);
    [[nodiscard]] std::string read(const storage::Handle& file, std::uint64_t offset,
                                   std::size_t length) const;
    void apply(const Step& step, const PiecePatch& patch, const runtime::StopToken& stop);

    AssemblyParts parts_;
    ChunkIndex index_;
    // Of what an earlier try left in the target, by offset.
    std::map<std::uint64_t, Chunk> in_place_;
    std::uint64_t planned_ = 0;  // offset in the file
    ChunkPlace cursor_;          // where the next chunk would be if nothing had changed
    std::uint64_t ahead_ = 0;    // bytes
    bool said_last_ = false;
    std::deque<Step> steps_;

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Chunk> chunks_;
    bool is_complete_ = false;                                    // all chunks came
    std::map<std::uint64_t, std::optional<PiecePatch>> patches_;  // that were asked for
    bool done_ = false;
    bool failed_ = false;

    runtime::TaskGroup thread_;
};

}  // namespace farshore::secondary
