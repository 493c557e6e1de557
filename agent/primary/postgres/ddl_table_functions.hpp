#pragma once
// The part of farshore's functions on the primary that is about one table: what the catalogue says
// of it, its replica identity, its place in the publications, its rows. As SQL.

#include <array>

namespace farshore::primary {

// To be run one after the other, before the others (ddl_functions.hpp); each can be run again. None
// of them is SECURITY DEFINER: whoever calls them has only his own rights.
extern const std::array<const char*, 3> ddl_table_functions;

}  // namespace farshore::primary
