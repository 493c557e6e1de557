// A tree's held deletions and its filters: what is asked of them at a start and around each cut.

#include <algorithm>

#include "agent/primary/files/tree_source.hpp"
#include "agent/runtime/log.hpp"
#include "protocol/limits.hpp"

namespace farshore::primary {

namespace {

constexpr std::size_t looked_at_once = 50'000;

}  // namespace

// What the filters left out so far may have gone meanwhile: not to be deleted for that.
void TreeSource::recognise_filters() {
    const auto filters = filters_.recognise(name(), settings_.tree.exclude, parts_.clock.utc_now());
    filters_changed_ = filters.changed;
    if (filters.before) {
        excluded_before_.emplace(*filters.before);
        log::warning("tree {}: exclude has changed: nothing is deleted for that on a secondary",
                     name().str());
    }
}

// Some may have come back while nobody looked.
void TreeSource::look_at_held() {
    for (const storage::HeldBatch& batch : held_.batches()) {
        if (batch.tree == name()) {
            for (const std::string& path : held_.paths(batch.id, looked_at_once)) {
                dirty_.changed(path, DirtySet::Drain::first, parts_.clock.utc_now());
            }
        }
    }
}

void TreeSource::take_approved() {
    approved_ = true;
    watcher_->wake();
}

void TreeSource::look_at_approved() {
    if (!approved_.exchange(false)) {
        return;
    }
    const std::vector<std::string> paths = held_.approved(name(), looked_at_once);
    if (paths.empty()) {
        return;
    }
    guarded_.forget();
    for (const std::string& path : paths) {
        dirty_.removed(path, DirtySet::Drain::first, parts_.clock.utc_now());
    }
    approved_ = true;  // until none is left
}

// What is held is in no secondary's way, and no mark is complete with it.
void TreeSource::describe_held(TreeCut& cut) {
    const std::vector<storage::HeldBatch> batches = held_.batches();
    std::string notice;
    for (const storage::HeldBatch& batch : batches) {
        if (batch.tree != name()) {
            continue;
        }
        cut.pending.files += batch.entries;
        cut.pending.oldest = std::min(cut.pending.oldest.value_or(batch.since), batch.since);
        const std::size_t room = limits::mark_pending_paths - cut.pending.paths.size();
        for (std::string& path : held_.paths(batch.id, room)) {
            cut.pending.paths.push_back(std::move(path));
        }
        notice += (notice.empty() ? "" : ", ") + std::to_string(batch.entries) +
                  " deletions as batch " + std::to_string(batch.id);
    }
    cut.pending.files += cut.held.size();  // from this cut on
    if (!notice.empty()) {
        cut.held_notice =
            Error(ErrorCode::deletions_held, "held until they are approved: " + notice +
                                                 "; the secondaries keep what is on them");
    }
}

}  // namespace farshore::primary
