#pragma once
// Epoch records in the store: opened under a condition, read back with their signature.

#include <string>

#include "protocol/envelope.hpp"
#include "protocol/epoch_record.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::storage {

struct OpenedEpoch {
    EpochRecord record;
    Digest digest;         // of the payload: what the first manifest and receipt name
    std::string key;       // in the store
    std::string envelope;  // as it is in the store
};

// Signs the record, without a store. Every call with the same record and key gives the same bytes.
[[nodiscard]] OpenedEpoch seal_epoch(const EpochRecord& record, const SigningKey& key);

// Opens the stream's epoch 1 with `agent` as its primary, or finds it open. Throws Error(fenced)
// when another agent is its primary; what read_epoch() says of a record that is not right.
[[nodiscard]] OpenedEpoch open_first_epoch(ObjectStore& store, const TrustSet& trust,
                                           const AgentName& agent, const SigningKey& key,
                                           Timestamp now);

// not_found when the epoch is not open; malformed, untrusted, bad_signature.
[[nodiscard]] Result<OpenedEpoch> read_epoch(ObjectStore& store, const TrustSet& trust,
                                             Epoch epoch);

// A record that came another way (from the peer): the same checks.
[[nodiscard]] Result<OpenedEpoch> check_epoch(const TrustSet& trust, Epoch epoch,
                                              const std::string& envelope);

}  // namespace farshore::storage
