#pragma once
// The tables of a secondary in the state database (ON_DISK.md; their columns are
// commented where they are made).

#include "storage/state/sqlite.hpp"

namespace farshore::storage {

// Makes the tables or brings them up to date; their version is a row of secondary_facts, so other
// tables in the same file have versions of their own. Throws bad_version for one from the future.
void prepare_secondary_tables(Database& database);

}  // namespace farshore::storage
