#pragma once
// Every upload interval: which marks were received and applied since the last receipt, signed,
// queued.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "agent/runtime/stop_token.hpp"
#include "protocol/clock_offset.hpp"
#include "storage/evidence/receipt_writer.hpp"
#include "storage/state/secondary_state.hpp"

namespace farshore::secondary {

class ReceiptTask {
  public:
    struct Parts {
        std::string state_file;
        StreamName stream;
        AgentName agent;
        SigningKey key;
        std::function<Duration()> interval;  // it grows while the store is away
        Clock& clock;
        // The primary's UTC minus ours, when a session has measured it.
        std::function<std::optional<Estimate>()> offset;
        std::function<void()> on_queued;
    };
    explicit ReceiptTask(Parts parts);

    // The epoch's record is known, and with it who is the primary: receipts can be chained to it.
    // Durable marks of before are told too.
    void begin_epoch(Epoch epoch, const Digest& record, const AgentName& primary);
    // Blocks until stop; writes a last receipt then.
    void run(const runtime::StopToken& stop);
    // A receipt about everything up to now; returns when it is queued.
    void write_now();

  private:
    void gather();
    void forget();

    Parts parts_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    bool begun_ = false;
    AgentName primary_;
    storage::SecondaryState state_;
    storage::Database database_;
    storage::ReceiptWriter writer_;
};

}  // namespace farshore::secondary
