#pragma once
// One large content on its way to whoever is connected: as it is, or by its recipe. Begun, fed, and
// ended or aborted whatever happens.

#include <optional>
#include <string_view>
#include <vector>

#include "agent/primary/files/content_sink.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::primary {

// A peer that went away is no reason to stop reading: it asks for what it lacks. So nothing here
// throws because of one; is_lost() says that nobody is left.
class ContentPush {
  public:
    ContentPush(ContentSink& sink, const ContentStart& start);
    // `read` gives pieces of what is fed here, at any time before the end.
    ContentPush(ContentSink& sink, const RecipeStart& start, ReadPiece read);
    ~ContentPush();
    ContentPush(const ContentPush&) = delete;
    ContentPush& operator=(const ContentPush&) = delete;

    void data(std::string_view content);
    // All of it was fed: size and SHA-256 of the whole file.
    void end(std::uint64_t size, const Digest& sha256);
    [[nodiscard]] bool is_lost() const { return !number_; }

  private:
    template <typename Deed>
    void attempt(const Deed& deed);
    void send_chunks();

    ContentSink& sink_;
    std::optional<std::uint64_t> number_;
    // With a recipe:
    ReadPiece read_;
    std::optional<Chunker> chunker_;
    std::vector<Chunk> chunks_;  // that were not sent yet
};

// What a push by recipe reads its pieces with: a file that is held open.
[[nodiscard]] ReadPiece piece_reader(storage::FileSystem& files, storage::Handle file);

}  // namespace farshore::primary
