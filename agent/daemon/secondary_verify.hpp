#pragma once
// Verification on a secondary: the chain in the store, every path on its disk, databases at one
// LSN.

#include "agent/daemon/services.hpp"
#include "agent/secondary/secondary.hpp"
#include "agent/verification/report.hpp"

namespace farshore::daemon {

// Asks the primary to publish up to now first; without it, what is here is checked as of the last
// mark that was applied, and databases are named as unchecked. `progress` is called every few
// paths: an Error that it throws ends what is being checked, and names it as unchecked.
[[nodiscard]] verification::VerifyReport verify_secondary(
    Services& services, secondary::Secondary& role, const verification::VerifyRequest& request,
    const verification::OnProgress& progress);

}  // namespace farshore::daemon
