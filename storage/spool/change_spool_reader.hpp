#pragma once
// Hands out the change records of a spool, in order.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/message_database.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/spool/record_log_reader.hpp"

namespace farshore::storage {

// Whether a reader begins with what stands before its range in the same segment: who knows the
// relations already needs it not.
enum class SpoolContext : std::uint8_t { wanted, known };

class ChangeSpoolReader {
  public:
    ChangeSpoolReader(FileSystem& files, const Handle& directory, SpoolPosition from,
                      SpoolPosition to, SpoolContext context);

    // Loads the next record, false at the end. Throws Error(state_damaged).
    bool next();
    // Valid until the next call of next() or more().
    [[nodiscard]] const ChangeRecord& record() const { return record_; }
    // The record is over limits::whole_record: its message is only what it begins with.
    [[nodiscard]] bool is_large() const { return is_large_; }
    // What follows of such a message, some at a time; empty behind its end.
    [[nodiscard]] std::string_view more();
    // False for what is handed out only for the relations that it describes: what stands before
    // `from` in its segment, and what a segment repeats at its beginning.
    [[nodiscard]] bool in_range() const { return in_range_; }
    // Just behind record(), when that record ends a transaction.
    [[nodiscard]] SpoolPosition position() const { return position_; }

  private:
    bool load();
    void begin_large(const LogRecord& piece);
    [[nodiscard]] std::string_view next_piece();

    RecordLogReader log_;
    SpoolPosition from_;
    bool in_range_ = false;
    SpoolPosition position_;
    std::string assembled_;           // a record that came in pieces, held whole
    std::uint64_t unread_bytes_ = 0;  // of a record that is handed out in pieces
    std::string_view unread_;         // of what load() found
    ChangeRecord record_;
    bool is_large_ = false;
};

}  // namespace farshore::storage
