#pragma once
// What farshore's own objects in a primary's database are called.

#include <string>
#include <string_view>

#include "protocol/identifiers.hpp"

namespace farshore::primary {

// All of them are within PostgreSQL's 63 bytes, of [a-z0-9_]; a name that has other bytes, or is
// too long, ends with a digest of it.
[[nodiscard]] std::string publication_name(const StreamName& stream);
[[nodiscard]] std::string slot_name(const StreamName& stream, const AgentName& peer);
// A slot's name begins with it for every peer of the stream.
[[nodiscard]] std::string slot_prefix(const StreamName& stream);

constexpr std::string_view trigger_prefix = "farshore_";  // of event triggers
constexpr std::string_view own_schema = "farshore";

}  // namespace farshore::primary
