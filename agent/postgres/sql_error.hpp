#pragma once
// What an SQLSTATE asks the caller to do.

#include <string_view>

#include "protocol/error.hpp"

namespace farshore::postgres {

// database_unavailable: the same again, later. conflict: a row stands in the way. ddl_pending: a
// table, column or type is not as the statement needs it. database_refused: everything else.
[[nodiscard]] ErrorCode error_code_of(std::string_view sqlstate);

namespace sqlstate {
constexpr std::string_view insufficient_privilege = "42501";
constexpr std::string_view undefined_object = "42704";
constexpr std::string_view duplicate_object = "42710";
constexpr std::string_view object_in_use = "55006";
constexpr std::string_view lock_not_available = "55P03";
}  // namespace sqlstate

}  // namespace farshore::postgres
