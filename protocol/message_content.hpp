#pragma once
// Bulk lanes: file content, named by the SHA-256 of the whole file. Where it goes is the cut's
// matter.

#include <cstdint>
#include <string>

#include "protocol/digest.hpp"
#include "protocol/frame.hpp"
#include "protocol/identifiers.hpp"

namespace farshore {

// The content of a small file (limits::small_file at most). The receiver checks the digest.
struct ContentWhole {
    static constexpr MessageKind kind = MessageKind::content_whole;
    SourceName tree;
    Digest sha256;
    std::string content;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static ContentWhole decode(ByteReader& in);
};

// A larger file: begin, any number of data in order, then end with the digest of it all, or abort.
// Transfers of one lane may interleave; their numbers are unique within the lane.
struct ContentBegin {
    static constexpr MessageKind kind = MessageKind::content_begin;
    std::uint64_t transfer = 0;
    SourceName tree;
    std::string path;                 // where it is now: what came of it is kept for the next try
    std::uint64_t expected_size = 0;  // bytes; a hint for space, the truth is what comes
    // It begins with so many bytes, which are the content `base`: the secondary has it, staged or
    // at the path. Data is what follows.
    std::uint64_t prefix = 0;
    Digest base;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static ContentBegin decode(ByteReader& in);
};

struct ContentData {
    static constexpr MessageKind kind = MessageKind::content_data;
    std::uint64_t transfer = 0;
    std::string content;  // 1 to limits::payload_piece bytes

    void encode(ByteWriter& out) const;
    [[nodiscard]] static ContentData decode(ByteReader& in);
};

struct ContentEnd {
    static constexpr MessageKind kind = MessageKind::content_end;
    std::uint64_t transfer = 0;
    std::uint64_t size = 0;
    Digest sha256;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static ContentEnd decode(ByteReader& in);
};

struct ContentAbort {
    static constexpr MessageKind kind = MessageKind::content_abort;
    std::uint64_t transfer = 0;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static ContentAbort decode(ByteReader& in);
};

}  // namespace farshore
