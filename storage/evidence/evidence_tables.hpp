#pragma once
// The tables of evidence in the state database (ON_DISK.md).

#include "storage/state/sqlite.hpp"

namespace farshore::storage {

// Makes the tables that are not there yet. Throws Error(bad_version) for those of a later build.
void make_evidence_tables(Database& database);

}  // namespace farshore::storage
