#pragma once
// Reads the records of a segment, and of a run of segments.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/disk/file_system.hpp"
#include "storage/spool/record_log_format.hpp"

namespace farshore::storage {

struct LogRecord {
    RecordKind kind = RecordKind::changes;
    std::string_view payload;  // valid until the next read
    SpoolPosition begin;
    SpoolPosition end;
};

// One segment. It ends where the file does or before the first record that is not sound. Whether
// that is a tail that was being written when the machine stopped, or damage, tells only who knows
// what had been synced.
class SegmentReader {
  public:
    SegmentReader(FileSystem& files, const Handle& directory, std::uint64_t number);

    // Goes on at `offset`, where a record begins.
    void seek(std::uint64_t offset);
    // False when the header is missing or not this segment's: then there are no records.
    [[nodiscard]] bool has_header() const { return has_header_; }
    // The next record, or nullopt at the end.
    [[nodiscard]] std::optional<LogRecord> next();
    // Behind the last sound record that was read.
    [[nodiscard]] SpoolPosition position() const { return {number_, offset_}; }

  private:
    // Sees to it that `bytes` from offset_ on are in the buffer; false when the file ends before.
    bool fill(std::size_t bytes);
    [[nodiscard]] std::string_view buffered() const;

    FileSystem* files_;
    Handle file_;
    std::uint64_t number_;
    std::uint64_t offset_ = 0;
    std::uint64_t buffer_begin_ = 0;  // the buffer's place in the file
    std::string buffer_;
    bool has_header_ = false;
};

// All records from `from`, where one begins, to `to`, across segments.
class RecordLogReader {
  public:
    RecordLogReader(FileSystem& files, const Handle& directory, SpoolPosition from,
                    SpoolPosition to);

    // nullopt at `to`. Throws Error(state_damaged) when the log does not reach it with sound
    // records.
    [[nodiscard]] std::optional<LogRecord> next();

  private:
    FileSystem* files_;
    const Handle* directory_;
    SpoolPosition to_;
    SegmentReader segment_;
};

}  // namespace farshore::storage
