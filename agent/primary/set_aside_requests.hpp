#pragma once
// What a secondary asks for the tables that it has set aside: that their gaps are known, and that
// they are sent once more.

#include <string>

#include "agent/config/config.hpp"
#include "agent/postgres/wake_event.hpp"
#include "agent/primary/gap_board.hpp"

namespace farshore::primary {

inline constexpr const char* verb_tables_set_aside = "tables_set_aside";
inline constexpr const char* verb_resend_table = "resend_table";

// {"database", "tables": [{"schema", "table", "reason"}]}: all of that database, so that what is
// not named is closed. When it returns the gaps are durable and every mark that is sealed from now
// on names them. The answer: {"gaps": [number of each, in that order]}.
[[nodiscard]] std::string serve_tables_set_aside(GapBoard& gaps, const AgentName& peer,
                                                 const std::string& json);
// {"database", "schema", "table"}. When it returns the table's rows are in the log. Throws what
// resend_table() does, or cancelled when `stop` is set.
[[nodiscard]] std::string serve_resend_table(const config::Config& config, const std::string& json,
                                             const postgres::WakeEvent& stop);

}  // namespace farshore::primary
