#pragma once
// Takes everything of farshore's out of a replica's database; its rows stay.

#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::secondary {

// This stream's progress, and schema farshore when no other stream's is left. Returns what was
// removed, one sentence each.
std::vector<std::string> detach_replica(const StreamName& stream, const config::Database& database);

}  // namespace farshore::secondary
