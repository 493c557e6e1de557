#pragma once
// What is known of a committed cut, and of the marks up to it.

#include <map>
#include <memory>
#include <optional>

#include "agent/primary/postgres/sequence_reader.hpp"
#include "agent/primary/stream_position.hpp"
#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

// How far one source was when a mark was taken; null while its first copy is not finished.
struct SourceMoment {
    std::optional<Timestamp> as_of;
    std::optional<BootTime> as_of_boot;
};

struct MarkFacts {
    MarkNumber mark;
    Timestamp time;
    std::map<SourceName, SourceMoment> sources;
    std::map<SourceName, Digest> tree_digests;
    bool complete = false;
    std::uint64_t pending_files = 0;
    // Nothing that is pending had changed before the last drain that ended before this; none:
    // nothing is pending.
    std::optional<BootTime> pending_noticed;
    std::optional<BootTime> taken_boot = std::nullopt;  // `time` by the clock since boot
};

struct CutRecord {
    CutNumber cut;
    bool is_mark = false;                  // then newest_mark describes this very cut
    std::optional<MarkFacts> newest_mark;  // at or before this cut
    std::optional<MarkFacts> newest_complete_mark;
    std::map<SourceName, StreamPosition> databases;  // the positions that belong to this cut
    // As read at the newest mark; null: not yet.
    std::map<SourceName, std::shared_ptr<const SequenceMap>> sequences = {};
};

}  // namespace farshore::primary
