#pragma once
// Verification asked for on the primary: the chain from here, replicas by the secondaries
// themselves.

#include "agent/daemon/services.hpp"
#include "agent/primary/primary.hpp"
#include "agent/verification/report.hpp"

namespace farshore::daemon {

// Publishes up to now first. A secondary that is not connected is named as unchecked.
[[nodiscard]] verification::VerifyReport verify_from_primary(
    Services& services, primary::Primary& role, const verification::VerifyRequest& request,
    const verification::OnProgress& progress);

}  // namespace farshore::daemon
