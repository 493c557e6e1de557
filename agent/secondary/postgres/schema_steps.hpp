#pragma once
// pg_restore's text, cut into the steps that it consists of: each can be done and recorded alone.

#include <string>
#include <string_view>
#include <vector>

namespace farshore::secondary {

struct SchemaScript {
    std::string prelude;             // settings of the session: always run
    std::vector<std::string> steps;  // one entry of the archive each, or several where the text
                                     // does not say for sure where one ends
};

// Cuts before the comments with which pg_restore begins an entry; leaves out its guard (\restrict),
// which differs each time. Pure.
[[nodiscard]] SchemaScript split_schema(std::string_view text);

// It fills a materialized view: it may be repeated, and must be when rows are copied anew.
[[nodiscard]] bool is_refresh(std::string_view step);

// The lines of a step that set something for the steps behind it.
[[nodiscard]] std::string settings_of(std::string_view step);

}  // namespace farshore::secondary
