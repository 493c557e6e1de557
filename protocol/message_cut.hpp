#pragma once
// Control lane: how a cut is told, asked about and acknowledged (WIRE.md, "A cut").

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "protocol/file_entry.hpp"
#include "protocol/frame.hpp"

namespace farshore {

constexpr std::size_t cut_identity_bytes = 16;

// How many content messages (whole or end) each bulk lane of this session had carried at some
// moment: the receiver knows by it whether what it lacks is still under way.
using LaneCounts = std::vector<std::uint64_t>;

// primary -> secondary: cut `cut` follows. It holds everything that changed after cut `base`, which
// the secondary has received; `base` 0: everything.
struct CutBegin {
    static constexpr MessageKind kind = MessageKind::cut_begin;
    CutNumber cut;
    CutNumber base;
    // For each database of the stream the position that belongs to this cut. A database whose first
    // copy is not finished is not listed.
    std::map<SourceName, Lsn> databases;
    // CLOCK_BOOTTIME of the primary for each source's as_of; a source without one is not listed.
    std::map<SourceName, BootTime> as_of;
    // Random: two states that gave out the same number did not give out the same cut.
    std::string identity = std::string(cut_identity_bytes, '\0');
    // For each database whose sequences have changed since what this session has told before: their
    // values as read behind its position (sequence_values.hpp).
    std::map<SourceName, std::string> sequences = {};
    // CLOCK_BOOTTIME of the primary for the newest mark's own time; null: no mark is told.
    std::optional<BootTime> taken = std::nullopt;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CutBegin decode(ByteReader& in);
};

// primary -> secondary: changed paths of one tree, in any number of messages. type deleted: a
// removal.
struct CutEntries {
    static constexpr MessageKind kind = MessageKind::cut_entries;
    SourceName tree;
    std::vector<FileEntry> entries;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CutEntries decode(ByteReader& in);
};

// primary -> secondary: one signed mark, the envelope's bytes as signed. All marks after `base` up
// to the cut are told, oldest first; the last one describes the cut itself when the cut is a mark.
struct CutMark {
    static constexpr MessageKind kind = MessageKind::cut_mark;
    std::string envelope;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CutMark decode(ByteReader& in);
};

// primary -> secondary: the cut is told.
struct CutEnd {
    static constexpr MessageKind kind = MessageKind::cut_end;
    CutNumber cut;
    LaneCounts sent;
    bool is_mark = false;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CutEnd decode(ByteReader& in);
};

struct WantedContent {
    SourceName tree;
    std::string path;
    Digest sha256;
    std::uint64_t size = 0;
    bool by_recipe = false;  // the asker has some of it already, or something like it
};

// secondary -> primary: what it has nowhere. Several messages may come; the last one says so.
// An empty, last one is not sent: RECEIVED follows instead.
struct ContentWanted {
    static constexpr MessageKind kind = MessageKind::content_wanted;
    CutNumber cut;
    bool last = true;
    std::vector<WantedContent> items;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static ContentWanted decode(ByteReader& in);
};

// primary -> secondary: everything wanted for the cut is on the bulk lanes, but for `missing` items
// that are no longer as the cut has them. With missing > 0 the cut is given up: a later one has
// their successors.
struct ContentSent {
    static constexpr MessageKind kind = MessageKind::content_sent;
    CutNumber cut;
    LaneCounts sent;
    std::uint64_t missing = 0;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static ContentSent decode(ByteReader& in);
};

// secondary -> primary: cut `cut` is durable here, whole and checked.
struct Received {
    static constexpr MessageKind kind = MessageKind::received;
    CutNumber cut;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Received decode(ByteReader& in);
};

// secondary -> primary: cut `cut` is visible and durable in its trees and databases.
struct Applied {
    static constexpr MessageKind kind = MessageKind::applied;
    CutNumber cut;
    std::map<SourceName, Digest> trees;  // the digest of each tree as the secondary's index has it

    void encode(ByteWriter& out) const;
    [[nodiscard]] static Applied decode(ByteReader& in);
};

}  // namespace farshore
