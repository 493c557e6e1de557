#pragma once
// Appends records to one segment.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/disk/file_system.hpp"
#include "storage/spool/record_log_format.hpp"

namespace farshore::storage {

// An open segment file; shared so that a sync can go on while the log has moved to the next one.
using SharedFile = std::shared_ptr<const Handle>;

// Invariants: what was written is a prefix of what was appended; after a failed sync, or fail(),
// every further call throws sync_failed, because nobody knows what is on the disk.
class RecordLogWriter {
  public:
    // Makes the segment, durably, with its header and nothing else; what has its name is replaced.
    [[nodiscard]] static RecordLogWriter create(FileSystem& files, const Handle& directory,
                                                std::uint64_t number);
    // Goes on at `end` of a segment that is there; what stands behind it is cut off, durably.
    [[nodiscard]] static RecordLogWriter reopen(FileSystem& files, const Handle& directory,
                                                SpoolPosition end);

    void append(RecordKind kind, std::string_view payload);
    // Hands everything appended to the kernel: readers see it; nothing is durable by it.
    void flush();
    // The same, where something before `position` is not there yet.
    void flush_up_to(SpoolPosition position);
    // Flushes, and everything appended is durable when it returns.
    void sync();
    // For a sync outside of a lock: what sync() would sync, after a flush().
    [[nodiscard]] SharedFile file() const { return file_; }
    // Such a sync has failed, or the segment is about to go.
    void fail() { failed_ = true; }
    // Throws sync_failed after fail(), or a sync that failed.
    void require_sound() const;

    // Behind the last record appended.
    [[nodiscard]] SpoolPosition end() const { return {number_, offset_ + buffer_.size()}; }

  private:
    RecordLogWriter(FileSystem& files, SharedFile file, SpoolPosition end)
        : files_(&files), file_(std::move(file)), number_(end.segment), offset_(end.offset) {}

    FileSystem* files_;
    SharedFile file_;
    std::uint64_t number_;
    std::uint64_t offset_;  // where buffer_ belongs
    std::string buffer_;
    bool failed_ = false;
};

}  // namespace farshore::storage
