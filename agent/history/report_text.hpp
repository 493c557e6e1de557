#pragma once
// A history report as text for people, as JSON, and as CSV of its minutes.

#include <boost/json/object.hpp>
#include <string>

#include "agent/history/history_report.hpp"

namespace farshore::history {

[[nodiscard]] std::string to_text(const HistoryReport& report);
[[nodiscard]] boost::json::object to_json(const HistoryReport& report);
// minute,rpo_seconds,rpo_error_seconds,lag_seconds,lag_error_seconds,objective_seconds,met
[[nodiscard]] std::string to_csv(const HistoryReport& report);

// "840 ms", "12.3 s", "3 min 20 s"; "unproven" for null.
[[nodiscard]] std::string figure_text(const std::optional<Figure>& figure);
// "0.84 s" without an error; "none" for null.
[[nodiscard]] std::string span_text(Duration duration);
// "99.98 %": never rounded up to 100.
[[nodiscard]] std::string share_text(double share);
// "2026-11-22 18:44"
[[nodiscard]] std::string minute_text(Timestamp time);

}  // namespace farshore::history
