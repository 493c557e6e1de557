#pragma once
// What a secondary received of one database and has not yet applied (SPOOL.md).

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "protocol/identifiers.hpp"
#include "protocol/message_database.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/spool/change_spool_reader.hpp"
#include "storage/spool/commit_index.hpp"
#include "storage/spool/record_log.hpp"

namespace farshore::storage {

// Invariants: positions grow, and are handed out only at the ends of transactions and the
// beginnings of sessions; what is before the end() of the moment in which sync() was called
// survives a crash; every segment begins with the relations that its session had described before
// it, so each can be read on its own; all segments but the last are durable. Thread-safe: one
// thread appends while others sync, read and release.
class ChangeSpool {
  public:
    struct Options {
        std::uint64_t segment_bytes = 64ULL << 20;
        std::size_t index_entries = 1ULL << 16;
    };

    // Opens the spool in directory `name` of `parent`, or makes it. What follows the last sound
    // record is cut off.
    ChangeSpool(FileSystem& files, const Handle& parent, const std::string& name,
                const Options& options);
    ChangeSpool(FileSystem& files, const Handle& parent, const std::string& name)
        : ChangeSpool(files, parent, name, Options()) {}

    // Forgets what is behind `position`, and the session that ended; before another begins. Throws
    // Error(state_damaged) when the spool does not reach it.
    void truncate_to(SpoolPosition position);
    // A new session of the primary begins at end(). All that is before it was committed at or
    // before `received`, all that comes after it.
    void begin_session(Lsn received = Lsn());
    // Takes a piece from the lane. Throws Error(malformed) when it does not fit what came before.
    void append(const DatabaseChanges& piece);
    // Rises when one begins or is forgotten: what was read before may come again, elsewhere.
    [[nodiscard]] std::uint64_t session() const;
    // The end of the last whole transaction of this session; 0 when there is none.
    [[nodiscard]] Lsn last_commit() const;
    // All that was appended before the call is durable when it returns.
    void sync();
    // Behind the last transaction that was committed at or before `lsn`; begin() when there is
    // none. For an `lsn` before this session's beginning the spool is read through.
    [[nodiscard]] SpoolPosition position_at(Lsn lsn) const;

    // Removes the segments that are wholly before `position`.
    void release_up_to(SpoolPosition position);
    // Forgets everything; positions go on growing.
    void clear();

    // A `from` of {0, 0} is begin().
    [[nodiscard]] ChangeSpoolReader reader(SpoolPosition from, SpoolPosition to,
                                           SpoolContext context) const;
    [[nodiscard]] SpoolPosition begin() const;
    // Behind everything appended, durable or not.
    [[nodiscard]] SpoolPosition end() const;
    [[nodiscard]] std::uint64_t bytes() const;

  private:
    void append_whole(std::string_view records);
    void append_large(const DatabaseChanges& piece);
    void note(const ChangeRecord& record, std::string_view bytes);
    void write(RecordKind kind, std::string_view payload);
    void flush_pending();
    void roll();
    [[nodiscard]] SpoolPosition scan(SpoolPosition from, SpoolPosition to, Lsn lsn) const;

    FileSystem& files_;
    Options options_;
    mutable std::mutex mutex_;
    mutable RecordLog log_;
    CommitIndex commits_;
    SpoolPosition session_begin_;
    Lsn session_received_;
    std::uint64_t session_ = 0;
    std::string pending_;                             // whole records, not yet in the log
    std::map<std::uint32_t, std::string> relations_;  // id -> record, as this session has it
    std::uint64_t large_missing_bytes_ = 0;           // of the record that is coming in pieces
};

}  // namespace farshore::storage
