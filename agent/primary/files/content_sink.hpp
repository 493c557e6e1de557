#pragma once
// Where captured content goes: to the bulk lanes of whoever is connected.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/recipe.hpp"

namespace farshore::primary {

// A large file whose content is to be sent as it is.
struct ContentStart {
    SourceName tree;
    std::string path;
    std::uint64_t expected_size = 0;
    // What follows goes behind so many bytes, which the secondaries have: the content `base`.
    std::uint64_t prefix = 0;
    Digest base{};
};

// A large file that is told by its recipe.
struct RecipeStart {
    SourceName tree;
    std::string path;
    std::uint64_t expected_size = 0;
    RecipeShape shape;
    std::vector<std::string> bases;  // other files of the tree to look in
};

// Reads a piece of the file that is being sent; shorter where the file is.
using ReadPiece = std::function<std::string(std::uint64_t offset, std::size_t length)>;

// Content is pushed before it is asked for, and named by its SHA-256. Nothing is lost when some of
// it is dropped on the way: a secondary asks for what it lacks (TreeSource::read_wanted). So
// whole() need not wait for a slow peer, and must not: it is called while a cut is taken. The
// others are called by threads that may wait. An Error thrown by any of them means: no use to go
// on pushing this content. Every call is thread-safe; the calls for one transfer come from one
// thread, in order, and end with end() or abort().
class ContentSink {
  public:
    virtual ~ContentSink() = default;

    // False: nobody would get it, so nothing need be pushed.
    [[nodiscard]] virtual bool is_connected() = 0;
    // False: what is pushed now would be dropped, because nobody takes it so fast.
    [[nodiscard]] virtual bool has_room() { return true; }
    virtual void whole(const SourceName& tree, const Digest& sha256, std::string_view content) = 0;
    // What whole() got and still holds back, to send it with more, goes out now.
    virtual void flush() {}
    // Is what was sent of this file, when a transfer of it was interrupted, still kept somewhere?
    [[nodiscard]] virtual bool has_begun(const SourceName& tree, const std::string& path) = 0;
    // The number names the transfer in the other calls.
    [[nodiscard]] virtual std::uint64_t begin(const ContentStart& start) = 0;
    // 1 to limits::payload_piece bytes.
    virtual void data(std::uint64_t transfer, std::string_view content) = 0;
    // Instead: the recipe. After begin_recipe() any number of chunks() in order, with answer() now
    // and then, and answer_all() when there are no more chunks.
    [[nodiscard]] virtual std::uint64_t begin_recipe(const RecipeStart& start) = 0;
    // 1 to limits::recipe_chunks of them.
    virtual void chunks(std::uint64_t transfer, const std::vector<Chunk>& chunks) = 0;
    // Sends what was asked for so far.
    virtual void answer(std::uint64_t transfer, const ReadPiece& read) = 0;
    // Waits until nobody wants more.
    virtual void answer_all(std::uint64_t transfer, const ReadPiece& read) = 0;
    virtual void end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256) = 0;
    virtual void abort(std::uint64_t transfer) = 0;
};

}  // namespace farshore::primary
