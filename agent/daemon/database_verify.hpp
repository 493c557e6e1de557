#pragma once
// One database compared table by table at one LSN, from the secondary.

#include "agent/config/config.hpp"
#include "agent/secondary/applier.hpp"
#include "agent/secondary/secondary_session.hpp"
#include "agent/verification/report.hpp"

namespace farshore::daemon {

// The applier is held, the primary opens a snapshot of which the LSN is known, the applier stops
// there for as long as it takes to open one here, and goes on; then both are compared, narrowed
// down from tables to rows. Throws what stood in the way: then nothing is held any more.
void verify_database(secondary::SecondarySession& session, secondary::Applier& applier,
                     const config::Database& database, verification::VerifyReport& report);

}  // namespace farshore::daemon
