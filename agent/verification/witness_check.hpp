#pragma once
// A store against what an agent holds itself. A store that was rolled back as a whole, to a state
// that was sound once, is found by nothing else.

#include <functional>
#include <set>
#include <string>

#include "agent/verification/report.hpp"
#include "protocol/identifiers.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::verification {

struct WitnessRequest {
    StreamName stream;
    // Only what this agent wrote itself; empty: everything that the witness holds.
    AgentName agent;
    // Keys that are not in the store yet, asked for after the witness was listed; may be empty.
    std::function<std::set<std::string>()> still_queued;
};

// `witness`: an agent's own evidence folder. Every key that it holds must be in the store, and the
// epoch records and the newest object of each chain with the same bytes: those before it are tied
// to it by their digests, which the check of the chain follows.
void check_witness(storage::ObjectStore& store, storage::ObjectStore& witness,
                   const WitnessRequest& request, VerifyReport& report);

}  // namespace farshore::verification
