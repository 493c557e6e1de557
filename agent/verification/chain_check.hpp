#pragma once
// The whole evidence of a stream in a store: epochs, manifests with all that they name, receipts.
// Needs the store and the trusted keys, nothing else.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/runtime/sleeper.hpp"
#include "agent/verification/chain_observer.hpp"
#include "agent/verification/report.hpp"
#include "protocol/trust.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::verification {

struct SecondarySummary {
    Sequence receipts;
    MarkNumber received;
    MarkNumber applied;
};

struct EpochSummary {
    Epoch epoch;
    AgentName primary;
    Sequence manifests;
    MarkNumber newest_mark;  // in a manifest
    std::map<AgentName, SecondarySummary> secondaries;
};

struct ChainSummary {
    std::vector<EpochSummary> epochs;  // those with a sound record, in their order
};

// Some rounds of an upload to a store that is far away, with a retry.
constexpr Duration manifest_patience = Duration::from_ms(10'000);

// Adds what is wrong, and what was looked at, to the report; reads every object, and tells an
// observer of what is sound. An agent that writes meanwhile may be between a list and the manifest
// that names it: with a sleeper, such a manifest is waited for, `manifest_patience` in all, before
// it is said to be missing. Throws when the store can not be asked.
ChainSummary check_chain(storage::ObjectStore& store, const TrustSet& trust, VerifyReport& report,
                         const OnProgress& progress, ChainObserver* observer = nullptr,
                         runtime::Sleeper* sleeper = nullptr);

}  // namespace farshore::verification
