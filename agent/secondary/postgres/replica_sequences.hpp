#pragma once
// The replica's sequences: set to what the cuts tell of the primary's.

#include <string>

#include "agent/postgres/connection.hpp"

namespace farshore::secondary {

// Remembers the values (encoded as in protocol/sequence_values.hpp) in farshore.sequence_value and
// sets the sequences; durable when it returns, and may be repeated. A sequence that is not there
// yet is set by a later call, after the DDL that makes it.
void set_sequences(postgres::Connection& connection, const std::string& values);
// Sets all to what was last told of them: after DDL, or a TRUNCATE that restarted some.
void set_all_sequences(postgres::Connection& connection);
// The values of a copy before are of no more use.
void forget_sequences(postgres::Connection& connection);

}  // namespace farshore::secondary
