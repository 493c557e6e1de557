#pragma once
// Bulk lanes: many small files in one message.

#include <string>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/frame.hpp"
#include "protocol/identifiers.hpp"

namespace farshore {

// One to limits::pack_contents contents of a tree, limits::pack_bytes altogether at most (so each
// may be as large as limits::small_file). The receiver checks each digest. It counts as one message
// that ended a content.
struct ContentPack {
    static constexpr MessageKind kind = MessageKind::content_pack;
    struct Content {
        Digest sha256;
        std::string bytes;
    };
    SourceName tree;
    std::vector<Content> contents;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static ContentPack decode(ByteReader& in);
};

}  // namespace farshore
