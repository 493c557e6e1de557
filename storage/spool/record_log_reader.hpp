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

// One segment. Tells its three ends apart: the clean end, a torn tail (the last record was being
// written when the machine stopped: no sound record follows it), and damage.
class SegmentReader {
  public:
    enum class End : std::uint8_t { none, clean, torn, damaged };

    // Throws Error(state_damaged) when the header is not that of segment `number`, unless the file
    // is shorter than a header: that is a torn one.
    SegmentReader(FileSystem& files, const Handle& directory, std::uint64_t number);

    // Starts again at `offset`, which is the begin of a record.
    void seek(std::uint64_t offset);
    // The next record, or nullopt: end() says why.
    [[nodiscard]] std::optional<LogRecord> next();
    [[nodiscard]] End end() const { return end_; }
    // Behind the last sound record that was read.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }

  private:
    bool fill(std::size_t bytes);
    [[nodiscard]] bool sound_record_follows();

    FileSystem* files_;
    Handle file_;
    std::uint64_t number_;
    std::uint64_t size_;
    std::uint64_t offset_ = 0;
    std::uint64_t buffer_begin_ = 0;
    std::string buffer_;
    End end_ = End::none;
};

// From one position to another across segments.
class RecordLogReader {
  public:
    // `from` is rounded down to the begin of its segment's records: the caller skips by position.
    RecordLogReader(FileSystem& files, const Handle& directory, SpoolPosition from,
                    SpoolPosition to);

    // Throws Error(state_damaged) when the log does not reach `to` with sound records.
    [[nodiscard]] std::optional<LogRecord> next();

  private:
    FileSystem* files_;
    const Handle* directory_;
    SpoolPosition to_;
    std::uint64_t number_;
    std::optional<SegmentReader> segment_;
};

}  // namespace farshore::storage
