#pragma once
// The values of a database's sequences: logical decoding says nothing of them.

#include <map>
#include <string>
#include <vector>

#include "agent/postgres/connection.hpp"
#include "protocol/sequence_values.hpp"

namespace farshore::primary {

// By name as SQL.
using SequenceMap = std::map<std::string, SequenceValue>;

// All that this role may read, as of now: what a transaction took from them that was committed
// before the call is in it. The others are named in uncovered().
[[nodiscard]] SequenceMap read_sequences(postgres::Connection& connection);

// Those of `now` that differ from `told`, by name, as many as fit into `limit_bytes` encoded.
[[nodiscard]] std::vector<SequenceValue> changed_sequences(const SequenceMap& told,
                                                           const SequenceMap& now,
                                                           std::size_t limit_bytes);

}  // namespace farshore::primary
