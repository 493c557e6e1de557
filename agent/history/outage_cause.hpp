#pragma once
// Why an objective was missed, as far as the evidence tells: who stood still.

#include <string>

#include "agent/history/history_report.hpp"

namespace farshore::history {

[[nodiscard]] std::string cause_of(const Outage& outage, EvidenceHistory& history);

}  // namespace farshore::history
