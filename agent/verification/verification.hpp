#pragma once
// Verification without an agent: the chain in a store, and trees on this host's disk, by trusted
// keys alone.

#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/verification/report.hpp"

namespace farshore::verification {

struct OfflineRequest {
    VerifyRequest verify;
    config::Store store;
    std::string trust;                // path of the trust file
    std::string witness;              // path of an agent's own evidence; may be empty
    std::vector<config::Tree> trees;  // where trees lie on this host; may be empty
};

// Checks what can be checked from the store and the disk; databases are listed as unchecked when
// they were wanted. Throws Error when the store or the trust file can not be read at all.
[[nodiscard]] VerifyReport verify_offline(const OfflineRequest& request,
                                          const OnProgress& progress);

}  // namespace farshore::verification
