#pragma once
// The newest committed cut, and waiting for a newer one: from here the feeds of all peers take
// theirs.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "agent/primary/cut_record.hpp"
#include "agent/runtime/stop_token.hpp"

namespace farshore::primary {

// Invariants: cut numbers rise; a record is published only after its cut is durable.
class CutHistory {
  public:
    void publish(std::shared_ptr<const CutRecord> record);
    [[nodiscard]] std::shared_ptr<const CutRecord> newest() const;
    // The newest record when its cut is above `cut`; waits for one, null when stopped or timed out.
    [[nodiscard]] std::shared_ptr<const CutRecord> wait_above(CutNumber cut, Duration timeout,
                                                              const runtime::StopToken& stop) const;

    // The record of that very cut, which has just been committed; null after `timeout`.
    [[nodiscard]] std::shared_ptr<const CutRecord> wait_record(CutNumber cut,
                                                               Duration timeout) const;

  private:
    // Whoever asks for a record does so at once: older ones are not needed any more.
    static constexpr std::size_t kept = 1024;

    mutable std::mutex mutex_;
    mutable std::condition_variable_any published_;
    std::deque<std::shared_ptr<const CutRecord>> records_;
};

}  // namespace farshore::primary
