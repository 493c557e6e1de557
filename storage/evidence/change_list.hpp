#pragma once
// Change lists and checkpoints: entries of a tree as JSON lines, sorted by the bytes of their
// paths, compressed with zstd (MARKS.md).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/digest.hpp"
#include "protocol/file_entry.hpp"
#include "protocol/limits.hpp"

namespace farshore::storage {

// An object of the store, as it will be named in a manifest.
struct ChangeList {
    std::string bytes;
    Digest digest;  // of bytes
    std::uint64_t count = 0;
};

// The same entries give the same bytes. Memory: the compressed list. add() and finish() throw
// Error(too_large) when it has more than `limit_bytes`, compressed: then there is no list.
class ChangeListWriter {
  public:
    explicit ChangeListWriter(std::size_t limit_bytes = limits::evidence_object);
    ~ChangeListWriter();
    ChangeListWriter(const ChangeListWriter&) = delete;
    ChangeListWriter& operator=(const ChangeListWriter&) = delete;

    // Paths must rise: that is asserted.
    void add(const FileEntry& entry);
    [[nodiscard]] ChangeList finish();

  private:
    struct Context;
    void compress(std::string_view bytes, bool is_end);

    std::unique_ptr<Context> context_;
    std::size_t limit_bytes_;
    std::string bytes_;
    std::string last_path_;
    std::uint64_t count_ = 0;
};

// Reads what may be anybody's bytes in bounded memory: one line, and what zstd needs of an 8 MiB
// window.
class ChangeListReader {
  public:
    // `bytes` must outlive this; `count` is what the manifest says.
    ChangeListReader(std::string_view bytes, std::uint64_t count);
    ~ChangeListReader();
    ChangeListReader(const ChangeListReader&) = delete;
    ChangeListReader& operator=(const ChangeListReader&) = delete;

    // The next entry; none at the end. Throws Error(malformed): not one zstd frame, a line over its
    // limit or not an entry, paths that don't rise, another count.
    [[nodiscard]] std::optional<FileEntry> next();

  private:
    struct Context;
    // False at the end of the frame.
    bool inflate_more();
    [[nodiscard]] FileEntry read_line(std::string_view line);

    std::unique_ptr<Context> context_;
    std::string_view input_;
    std::uint64_t count_;
    std::uint64_t read_ = 0;
    bool ended_ = false;  // the frame is decompressed to its end
    std::string text_;    // decompressed; from offset_ not read yet
    std::size_t offset_ = 0;
    std::string last_path_;
};

}  // namespace farshore::storage
