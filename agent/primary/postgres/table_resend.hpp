#pragma once
// All rows of one table once more, through farshore.ddl: they arrive in their place among the
// changes, and only a replica that has set the table aside takes them.

#include <cstdint>

#include "agent/postgres/connection.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/message_database.hpp"

namespace farshore::primary {

// Such a table is read while its writers wait: larger ones are not.
inline constexpr std::uint64_t resent_table_bytes = 64ULL << 20;

// In one transaction, which holds the table's writers up for as long as it takes. Throws not_found
// when the publication does not have the table, too_large, database_unavailable when its lock is
// not to be had within 100 ms, or what the server says.
void resend_table(postgres::Connection& connection, const StreamName& stream,
                  const TableName& table, std::uint64_t limit_bytes = resent_table_bytes);

}  // namespace farshore::primary
