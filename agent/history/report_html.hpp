#pragma once
// A history report as one HTML page: nothing is loaded from elsewhere, the chart is there without
// a script, and with one it can be zoomed and read.

#include <string>

#include "agent/history/history_report.hpp"

namespace farshore::history {

[[nodiscard]] std::string to_html(const HistoryReport& report);

// Text as HTML has it: & < > " and control characters are no markup.
[[nodiscard]] std::string html_text(std::string_view text);

}  // namespace farshore::history
