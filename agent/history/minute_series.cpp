#include "agent/history/minute_series.hpp"

#include <algorithm>
#include <utility>

namespace farshore::history {

std::optional<Figure> figure_at(Timestamp moment, const std::optional<Arrival>& newest) {
    if (!newest || !newest->as_of) {
        return std::nullopt;
    }
    const Duration elapsed = moment - *newest->as_of;
    const bool by_session = newest->offset && newest->offset_error &&
                            (!newest->utc_error || *newest->offset_error < *newest->utc_error);
    if (by_session) {
        return Figure{elapsed + *newest->offset + *newest->offset_error, *newest->offset_error};
    }
    if (newest->utc_error) {
        return Figure{elapsed + *newest->utc_error, *newest->utc_error};
    }
    return std::nullopt;
}

WorstOfMinutes::WorstOfMinutes(Source<Arrival> arrivals)
    : arrivals_(std::move(arrivals)), coming_(arrivals_()) {}

std::optional<Figure> WorstOfMinutes::next(Timestamp begin, Timestamp end) {
    std::optional<Figure> worst;
    bool known = true;
    const auto look = [&](Timestamp moment) {
        const std::optional<Figure> figure = figure_at(moment, newest_);
        known = known && figure.has_value();
        worst = std::max(worst, figure);
    };
    for (; coming_ && coming_->at < end; coming_ = arrivals_()) {
        if (coming_->at > begin) {
            look(coming_->at);
        }
        const bool is_newer = !newest_ || std::pair(coming_->epoch, coming_->mark) >
                                              std::pair(newest_->epoch, newest_->mark);
        if (is_newer) {
            newest_ = coming_;
        }
    }
    look(end);
    return known ? worst : std::nullopt;
}

ObjectiveOfMinutes::ObjectiveOfMinutes(std::vector<ObjectiveChange> changes)
    : changes_(std::move(changes)) {}

std::optional<Duration> ObjectiveOfMinutes::next(Timestamp begin, Timestamp end) {
    std::optional<Duration> strictest = now_;
    for (; coming_ < changes_.size() && changes_[coming_].from < end; ++coming_) {
        const ObjectiveChange& change = changes_[coming_];
        const bool from_the_start = change.from <= begin || !strictest;
        strictest = from_the_start ? change.objective : std::min(*strictest, change.objective);
        now_ = change.objective;
    }
    return strictest;
}

}  // namespace farshore::history
