#include "agent/secondary/files/chunk_index.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <tuple>

#include "protocol/limits.hpp"

namespace farshore::secondary {

void ChunkIndex::add(storage::FileSystem& files, const storage::Handle& file, std::size_t base,
                     const runtime::StopToken& stop) {
    Chunker chunker(shape_);
    std::uint64_t end_of_last = 0;
    const auto take = [&](const Chunk& chunk) {
        entries_.push_back({chunk, {base, end_of_last}});
        end_of_last += chunk.length;
    };
    std::string piece(limits::payload_piece, '\0');
    for (std::uint64_t offset = 0; entries_.size() < most_chunks && !stop.stop_requested();) {
        const std::size_t got = files.read_at(
            file, offset, std::as_writable_bytes(std::span(piece.data(), piece.size())));
        if (got == 0) {
            break;
        }
        chunker.feed(std::string_view(piece).substr(0, got), take);
        offset += got;
    }
    chunker.finish(take);
}

void ChunkIndex::finish() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.chunk.hash, a.place.base, a.place.offset) <
               std::tie(b.chunk.hash, b.place.base, b.place.offset);
    });
}

std::optional<ChunkPlace> ChunkIndex::find(const Chunk& chunk, const ChunkPlace& likely) const {
    // Many may be alike (pages of zeros): the likely place is looked for first.
    const auto before = [](const Entry& entry, const std::pair<Chunk, ChunkPlace>& wanted) {
        return std::tie(entry.chunk.hash, entry.place.base, entry.place.offset) <
               std::tie(wanted.first.hash, wanted.second.base, wanted.second.offset);
    };
    const auto at =
        std::lower_bound(entries_.begin(), entries_.end(), std::pair(chunk, likely), before);
    if (at != entries_.end() && at->chunk == chunk && at->place == likely) {
        return likely;
    }
    const auto first =
        std::lower_bound(entries_.begin(), entries_.end(), std::pair(chunk, ChunkPlace{}), before);
    if (first != entries_.end() && first->chunk == chunk) {
        return first->place;
    }
    return std::nullopt;
}

}  // namespace farshore::secondary
