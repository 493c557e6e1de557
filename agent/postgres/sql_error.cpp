#include "agent/postgres/sql_error.hpp"

#include <array>
#include <utility>

namespace farshore::postgres {

namespace {

// The first prefix that fits decides.
constexpr std::array<std::pair<std::string_view, ErrorCode>, 17> prefixes{{
    {"", ErrorCode::database_unavailable},       // libpq's own: the connection
    {"08", ErrorCode::database_unavailable},     // connection
    {"53", ErrorCode::database_unavailable},     // out of memory, disk, connections
    {"55006", ErrorCode::database_unavailable},  // in use
    {"55P03", ErrorCode::database_unavailable},  // lock not available
    {"57", ErrorCode::database_unavailable},     // shutting down, cancelled
    {"58", ErrorCode::database_unavailable},     // the server's disk
    {"40", ErrorCode::database_unavailable},     // deadlock, serialisation
    {"25", ErrorCode::database_unavailable},     // read only, aborted: a standby, or our own mess
    {"22", ErrorCode::ddl_pending},              // a value that the column's type does not take
    {"23", ErrorCode::conflict},                 // constraints
    {"42P01", ErrorCode::ddl_pending},           // no such table
    {"42703", ErrorCode::ddl_pending},           // no such column
    {"42704", ErrorCode::ddl_pending},           // no such type
    {"42804", ErrorCode::ddl_pending},           // another type
    {"428C9", ErrorCode::ddl_pending},           // a generated column
    {"3F000", ErrorCode::ddl_pending},           // no such schema
}};

}  // namespace

ErrorCode error_code_of(std::string_view sqlstate) {
    for (const auto& [prefix, code] : prefixes) {
        if (prefix.empty() ? sqlstate.empty() : sqlstate.starts_with(prefix)) {
            return code;
        }
    }
    return ErrorCode::database_refused;
}

}  // namespace farshore::postgres
