// TreeSource: what a scrub finds.

#include "agent/primary/files/content_scrub.hpp"
#include "agent/primary/files/tree_source.hpp"

namespace farshore::primary {

namespace {

constexpr std::size_t most_distrusted = 200'000;

}  // namespace

void TreeSource::start_scrub() {
    if (settings_.scrub_interval.nanoseconds == 0) {
        return;
    }
    scrub_.start("scrub-" + name().str(), [this](const runtime::StopToken& stop) {
        runtime::SystemSleeper sleeper;
        ContentScrub({.files = parts_.files,
                      .guard = guard_,
                      .state_file = parts_.state.database().path(),
                      .tree = name(),
                      .interval = settings_.scrub_interval,
                      .sleeper = sleeper,
                      .on_difference = [this](const std::string& path) { distrust(path); }})
            .run(stop);
    });
}

void TreeSource::distrust(const std::string& path) {
    {
        const std::lock_guard lock(requests_mutex_);
        // What does not fit is found by the next round.
        if (distrusted_.size() < most_distrusted) {
            distrusted_.insert(path);
        }
    }
    watcher_->wake();
}

}  // namespace farshore::primary
