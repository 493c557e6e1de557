#pragma once
// Takes everything of farshore's out of a primary's database.

#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::primary {

// Slots, publication, replica identities as they were, and when no other stream uses them, the
// event trigger and schema farshore. Returns what was removed, one sentence each. Throws
// Error(database_unavailable) when an agent still streams, or a transaction of the application
// keeps a lock that is needed for a minute; nobody waits behind it for us.
std::vector<std::string> detach_database(const StreamName& stream,
                                         const config::Database& database);

}  // namespace farshore::primary
