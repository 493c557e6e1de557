#pragma once
// What the roles know -> the figures that users see: one formula for both hosts (protocol/lag).

#include <map>

#include "agent/config/config.hpp"
#include "agent/control/lag_report.hpp"
#include "agent/primary/primary.hpp"
#include "agent/secondary/secondary.hpp"

namespace farshore::daemon {

[[nodiscard]] control::LagReport primary_lag(const config::Config& config,
                                             const primary::Primary& role, Clock& clock);
[[nodiscard]] control::LagReport secondary_lag(const config::Config& config,
                                               const secondary::SecondaryView& view,
                                               const session::UploadFigures& uploads, Clock& clock);

}  // namespace farshore::daemon
