#pragma once
// A directory of segments: opened, appended to, cut back, trimmed.

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "storage/disk/file_system.hpp"
#include "storage/spool/record_log_format.hpp"
#include "storage/spool/record_log_writer.hpp"

namespace farshore::storage {

// Invariants: segment numbers are consecutive and never used twice while anything refers to them;
// all segments but the last are durable; there is always a last segment to append to.
class RecordLog {
  public:
    // Opens what is in `directory`, or makes the first segment. What follows the last sound record
    // of the last segment is cut off: it was never synced, or truncate_to() will miss it. Throws
    // Error(state_damaged) when a segment in between is missing.
    RecordLog(FileSystem& files, Handle directory);

    void append(RecordKind kind, std::string_view payload) { writer_->append(kind, payload); }
    // Makes the last segment durable and begins the next.
    void roll();
    void flush() { writer_->flush(); }
    // What is before `position` can be read.
    void flush_up_to(SpoolPosition position) { writer_->flush_up_to(position); }
    // Flushes; what sync_file() of the result makes durable is everything appended so far.
    [[nodiscard]] SharedFile prepare_sync();
    // That sync failed: nothing may be written any more.
    void fail() { writer_->fail(); }
    // Throws sync_failed when some sync has failed.
    void require_sound() const { writer_->require_sound(); }

    // `position` is the end of a record, or of a segment's header. Throws Error(state_damaged) when
    // the log does not reach it. When it fails half way nothing can be appended before it is said
    // again.
    void truncate_to(SpoolPosition position);
    // Removes the segments before number `segment`, but never the last.
    void trim_before(std::uint64_t segment);

    [[nodiscard]] SpoolPosition begin() const;
    [[nodiscard]] SpoolPosition end() const { return writer_->end(); }
    [[nodiscard]] std::uint64_t bytes() const;
    [[nodiscard]] const Handle& directory() const { return directory_; }

  private:
    struct Segment {
        std::uint64_t number = 0;
        std::uint64_t bytes = 0;  // of a segment that is not the last
    };

    // For a position between begin() and end().
    [[nodiscard]] bool is_within_segment(SpoolPosition position) const;
    void find_segments();
    void recover_last();

    FileSystem& files_;
    Handle directory_;
    std::deque<Segment> segments_;
    std::optional<RecordLogWriter> writer_;
};

}  // namespace farshore::storage
