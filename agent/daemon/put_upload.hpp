#pragma once
// `farshore put`: a file into a tree of the primary, and the wait until it is everywhere.

#include <memory>

#include "agent/control/agent_api.hpp"
#include "agent/daemon/services.hpp"
#include "agent/primary/primary.hpp"

namespace farshore::daemon {

// Throws bad_name for a tree that this stream does not have, unsafe_path for a path that leaves it
// or is excluded from it, root_changed where the root is not the tree's own.
[[nodiscard]] std::unique_ptr<control::PutUpload> begin_put(Services& services,
                                                            primary::Primary& role,
                                                            const control::PutRequest& request);

}  // namespace farshore::daemon
