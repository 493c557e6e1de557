#pragma once
// What the primary writes to the store: a run of consecutive marks and the lists of what changed.

#include <string>
#include <string_view>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"

namespace farshore {

// A change list or checkpoint of one tree, which the manifest names.
struct ManifestObject {
    SourceName tree;
    std::string object;       // its key in the store
    Digest digest;            // of its bytes as stored
    std::uint64_t count = 0;  // of its lines

    bool operator==(const ManifestObject&) const = default;
};

// Invariants: epoch and sequence are not 0; a tree has at most one list of each kind.
struct Manifest {
    StreamName stream;
    Epoch epoch;
    AgentName agent;
    Sequence sequence;
    Digest previous;                 // of the payload of the manifest before, or the epoch record
    std::vector<std::string> marks;  // envelopes, as they were signed
    std::vector<ManifestObject> changes;
    std::vector<ManifestObject> checkpoints;

    bool operator==(const Manifest&) const = default;
};

[[nodiscard]] std::string to_payload(const Manifest& manifest);
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view payload);

}  // namespace farshore
