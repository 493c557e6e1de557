#pragma once
// The page around a report: its style and its script, as they stand in the HTML.

#include <string_view>

namespace farshore::history {

[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string_view page_script();

}  // namespace farshore::history
