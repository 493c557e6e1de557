#pragma once
// What a secondary received of one database and has not yet applied (SPOOL.md).

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "protocol/identifiers.hpp"
#include "protocol/message_database.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/spool/commit_index.hpp"
#include "storage/spool/record_log.hpp"

namespace farshore::storage {

// Hands out the records of a spool from one position to another, in order.
class ChangeSpoolReader {
  public:
    ChangeSpoolReader(FileSystem& files, const Handle& directory, SpoolPosition from,
                      SpoolPosition to);

    // Loads the next record, false at the end. Throws Error(state_damaged).
    bool next();
    // Valid until the next call of next().
    [[nodiscard]] const ChangeRecord& record() const { return record_; }
    // False for what stands before `from` in its segment: it is handed out only for the relations
    // that it describes.
    [[nodiscard]] bool in_range() const { return in_range_; }
    // Just behind record(), when that record ends a transaction.
    [[nodiscard]] SpoolPosition position() const { return position_; }

  private:
    bool load();

    RecordLogReader log_;
    SpoolPosition from_;
    bool in_range_ = false;
    SpoolPosition position_;
    std::string assembled_;    // a record that was in pieces
    std::string_view unread_;  // of the log's current record
    ChangeRecord record_;
};

// Invariants: positions grow, and are handed out only at the ends of transactions (and of the empty
// spool); what is before the position that sync() returned survives a crash; every segment begins
// with the relations that its session had described before it, so each can be read on its own; all
// segments but the last are durable. Thread-safe: one thread appends while others sync, read and
// release.
class ChangeSpool {
  public:
    struct Options {
        std::uint64_t segment_bytes = 64ULL << 20;
    };

    // Opens the spool in directory `name` of `parent`, or makes it. A torn end is cut off; damage
    // anywhere else of the last segment throws Error(state_damaged).
    ChangeSpool(FileSystem& files, const Handle& parent, const std::string& name, Options options);

    // A new session of the primary begins: call after truncate_to(), before append().
    void begin_session();
    // Takes a piece from the lane. Throws Error(malformed) when it does not fit what came before.
    void append(const DatabaseChanges& piece);
    // The end LSN of the last whole transaction that was appended since begin_session(), or 0.
    [[nodiscard]] Lsn last_commit() const;
    // All that was appended before the call is durable when it returns.
    void sync();
    // Behind the last transaction of this session that was committed at or before `lsn`; the start
    // of the session when there is none.
    [[nodiscard]] SpoolPosition position_at(Lsn lsn);

    // Forgets what is behind `position`. Throws Error(state_damaged) when the spool ends before it.
    void truncate_to(SpoolPosition position);
    // Removes segments that are wholly before `position`.
    void release_up_to(SpoolPosition position);
    // Forgets everything; positions go on growing.
    void clear();

    [[nodiscard]] ChangeSpoolReader reader(SpoolPosition from, SpoolPosition to);
    [[nodiscard]] SpoolPosition begin() const;
    // Behind everything appended, durable or not.
    [[nodiscard]] SpoolPosition end() const;
    [[nodiscard]] std::uint64_t bytes() const;

  private:
    void append_records(std::string_view records);
    void append_large(const DatabaseChanges& piece);
    void write(RecordKind kind, std::string_view payload);
    void note(const ChangeRecord& record);
    void flush_pending();

    FileSystem& files_;
    mutable std::mutex mutex_;
    RecordLog log_;
    CommitIndex commits_;
    SpoolPosition session_begin_;
    std::string pending_;                             // whole records up to a transaction's end
    std::map<std::uint32_t, std::string> relations_;  // id -> record, as this session described it
    bool in_large_record_ = false;
    std::uint64_t large_missing_bytes_ = 0;
    std::string large_head_;  // the first bytes of a large record: enough to know what it is
    Lsn last_commit_;
};

}  // namespace farshore::storage
