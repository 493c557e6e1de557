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
    // Sends what is gathered.
    void flush();
    [[nodiscard]] std::size_t bytes() const { return changes_.records.size(); }

  private:
    void send_in_pieces(const ChangeRecord& record);

    std::function<void(Frame)> send_;
    DatabaseChanges changes_;
};

}  // namespace farshore::primary
