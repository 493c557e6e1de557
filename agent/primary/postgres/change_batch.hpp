#pragma once
// Gathers change records into frames for a database lane.

#include <functional>
#include <string>

#include "protocol/message_database.hpp"

namespace farshore::primary {

// Invariants: a frame holds at most limits::payload_piece of records; records leave in the order in
// which they were added.
class ChangeBatch {
  public:
    // `send` may block; the record that is being added is still valid then.
    explicit ChangeBatch(std::function<void(Frame)> send) : send_(std::move(send)) {}

    void add(const ChangeRecord& record);
    // A record whose message of `bytes` is too large for a frame: it is added some at a time, all
    // of it before anything else.
    void begin_large(Lsn lsn, std::size_t bytes);
    void add_to_large(std::string_view bytes);
    // Sends what is gathered.
    void flush();
    [[nodiscard]] std::size_t bytes() const { return changes_.records.size(); }

  private:
    std::function<void(Frame)> send_;
    DatabaseChanges changes_;
    DatabaseChanges piece_;  // of a large record
    std::size_t missing_bytes_ = 0;
};

}  // namespace farshore::primary
