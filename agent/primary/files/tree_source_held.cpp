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

// Of what is held or excluded the index keeps what the secondaries have. What none of them has and
// can't be read any more is no deletion there, and would be asked for with every cut.
void TreeSource::let_go_of_lost(const std::set<std::string>& lost) {
    std::vector<std::string> nowhere;
    bool is_somewhere = false;
    for (const std::string& path : lost) {
        const auto row = parts_.state.find(name(), path);
        if (!row || !(excluded_.excludes(path, false) || held_.find(name(), path))) {
            continue;
        }
        if (row->cut > parts_.state.furthest_received()) {
            nowhere.push_back(path);
        } else {
            is_somewhere = true;
        }
    }
    if (!nowhere.empty()) {
        held_.approve_paths(name(), nowhere);
        approved_ = true;
    }
    if (is_somewhere && !told_of_lost_) {
        told_of_lost_ = true;
        log::warning(
            "tree {}: a secondary wants content that is held as deleted and not to be had "
            "any more: it waits for farshore approve",
            name().str());
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
    if (!notice.empty() || !cut.held.empty()) {
        cut.pending_noticed = BootTime{};  // whatever a flush asks for, this is left behind
    }
    if (!notice.empty()) {
        cut.held_notice =
            Error(ErrorCode::deletions_held, "held until they are approved: " + notice +
                                                 "; the secondaries keep what is on them");
    }
}

}  // namespace farshore::primary
