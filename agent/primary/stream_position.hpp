#pragma once
// How far a database's stream is in the next cut (pure).

#include <optional>

#include "storage/state/primary_state.hpp"

namespace farshore::primary {

using storage::StreamPosition;

struct CutPosition {
    StreamPosition position;
    // The decoder has passed the end of the log that was asked for: the database is as of the cut.
    bool is_current = false;
};

// The position of the next cut. `before`: of the last one; `passed`: what the decoders have passed,
// without a system while none streams; `end`: L, when the server answered. Within a cluster it
// never goes back. Once another cluster streams (a new copy was made of it), the position is of
// that one; until then the old one stands still, whatever the new server's log says.
[[nodiscard]] CutPosition next_position(const StreamPosition& before, const StreamPosition& passed,
                                        const std::optional<StreamPosition>& end);

}  // namespace farshore::primary
