#pragma once
// Takes the queue of evidence to the stores, in order, for as long as it takes.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/runtime/stop_token.hpp"
#include "protocol/time.hpp"
#include "storage/evidence/uploader.hpp"

namespace farshore::session {

struct UploadFigures {
    std::uint64_t queued = 0;
    std::uint64_t queued_bytes = 0;
    std::optional<Timestamp> oldest_queued;
    std::optional<Timestamp> attested;  // all that was queued up to then is in the store
    std::optional<Timestamp> last_upload;
    std::optional<Error> error;  // why the oldest object is not in the store yet
};

// Invariants: an object leaves the queue only after every store has it, read back.
class UploadTask {
  public:
    // `on_uploaded`: this object is in all stores now; on the uploading thread.
    UploadTask(std::string state_file, std::vector<storage::ObjectStore*> stores, Clock& clock,
               std::function<void(const storage::OutboxItem&)> on_uploaded);

    // Blocks until stop, and interrupts the stores then: nobody uses them after it. Throws only
    // what nobody can wait out (sync_failed).
    void run(const runtime::StopToken& stop);
    // Something was queued.
    void wake();
    // Waits until everything that is queued now is in the stores; false when `timeout` passed
    // first.
    [[nodiscard]] bool wait_empty(Duration timeout);
    [[nodiscard]] UploadFigures figures() const;

  private:
    // True when there may be more; false: nothing queued, or it failed.
    bool step(storage::Outbox& outbox, Duration& delay);
    void look(storage::Outbox& outbox);
    void count(const storage::OutboxFigures& queue);  // under the lock
    void note(storage::Outbox& outbox, const std::optional<Error>& error, bool uploaded);

    std::string state_file_;
    std::vector<storage::ObjectStore*> stores_;
    Clock& clock_;
    std::function<void(const storage::OutboxItem&)> on_uploaded_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    bool woken_ = false;
    std::uint64_t passes_ = 0;  // times the queue was found empty
    UploadFigures figures_;
};

}  // namespace farshore::session
