#pragma once
// Whoever wants to know what a checked chain says: told of each piece that was found sound, in the
// order of the epochs, within an epoch the manifests' marks first.

#include <string>

#include "protocol/epoch_record.hpp"
#include "protocol/mark.hpp"
#include "protocol/receipt.hpp"

namespace farshore::verification {

class ChainObserver {
  public:
    virtual ~ChainObserver() = default;
    // What an agent wrote under `key`: the earliest and the latest moment that it tells of.
    virtual void on_record(const std::string& key, const AgentName& agent, Timestamp first,
                           Timestamp last) = 0;
    virtual void on_epoch(const EpochRecord& record) = 0;
    // A mark that its primary signed; again when a receipt has it too.
    virtual void on_mark(const Mark& mark) = 0;
    // What `receipt` says of a mark, which is the one that was signed.
    virtual void on_received(const Receipt& receipt, const ReceivedMark& received) = 0;
    virtual void on_applied(const Receipt& receipt, const AppliedMark& applied) = 0;
};

}  // namespace farshore::verification
