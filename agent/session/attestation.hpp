#pragma once
// While the store is away: since when nothing outside of this host proves what happened, and how
// much less often records are written then, so that their number has a bound (pure).

#include <optional>

#include "agent/session/upload_task.hpp"
#include "protocol/time.hpp"

namespace farshore::session {

// NOT_ATTESTED since then; none while every record reaches the store as soon as it should: within
// three upload intervals, and five seconds at least.
[[nodiscard]] std::optional<Timestamp> not_attested_since(const UploadFigures& uploads,
                                                          Duration upload_interval, Timestamp now);

// How long after a record the next one is due. The upload interval, as long as the store takes
// them; else an eighth of the time that the oldest one waits, up to ten minutes. So a day without a
// store makes some 180 records, not thousands, and no mark is left out of them.
[[nodiscard]] Duration record_interval(const UploadFigures& uploads, Duration upload_interval,
                                       Timestamp now);

}  // namespace farshore::session
