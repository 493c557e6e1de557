#pragma once
// The agent in the foreground: opens the state, starts the role and the control socket, and stops
// them in reverse.

#include "agent/config/config.hpp"

namespace farshore::daemon {

// Runs until SIGTERM or SIGINT, or until it can not go on. Returns the exit status.
[[nodiscard]] int run(const config::Config& config);
// Looks at config, keys, paths, store and databases, prints what would fail, and leaves everything
// as it was. Returns 0 when nothing would fail, else 2.
[[nodiscard]] int check(const config::Config& config);

}  // namespace farshore::daemon
