#pragma once
// From what was received and applied, and when, to the worst RPO and lag of each minute (pure).
// MARKS.md, "The RPO of a minute", has the rule; farshore-verify.py follows the same.

#include <functional>
#include <optional>
#include <vector>

#include "agent/history/minute.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::history {

// A secondary has received, or applied, a mark.
struct Arrival {
    Timestamp at;  // by the secondary's clock
    Epoch epoch;
    MarkNumber mark;
    std::optional<Timestamp> as_of;     // the oldest of the mark's sources; none: one has none
    std::optional<Duration> utc_error;  // of both clocks together
    // The primary's UTC minus the secondary's, measured in their session.
    std::optional<Duration> offset, offset_error;
};

// The objective, from the mark that first said it.
struct ObjectiveChange {
    Timestamp from;
    Duration objective;

    bool operator==(const ObjectiveChange&) const = default;
};

// What would be lost at `moment` when `newest` was the newest that had arrived: by the tighter of
// the two bounds on the clocks' difference. Null when there is none, or no as_of.
[[nodiscard]] std::optional<Figure> figure_at(Timestamp moment,
                                              const std::optional<Arrival>& newest);

// One after the other in the order of time; null: no more.
template <typename T>
using Source = std::function<std::optional<T>()>;

// One figure of each minute in [from, to): its worst moment is just before an arrival, or its end.
class WorstOfMinutes {
  public:
    explicit WorstOfMinutes(Source<Arrival> arrivals);
    // Called for intervals that follow each other.
    [[nodiscard]] std::optional<Figure> next(Timestamp begin, Timestamp end);

  private:
    Source<Arrival> arrivals_;
    std::optional<Arrival> coming_;
    std::optional<Arrival> newest_;  // by epoch and mark, of those that have arrived
};

// The strictest objective of each minute.
class ObjectiveOfMinutes {
  public:
    explicit ObjectiveOfMinutes(std::vector<ObjectiveChange> changes);
    [[nodiscard]] std::optional<Duration> next(Timestamp begin, Timestamp end);

  private:
    std::vector<ObjectiveChange> changes_;
    std::size_t coming_ = 0;
    std::optional<Duration> now_;
};

}  // namespace farshore::history
