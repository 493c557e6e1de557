#include "agent/primary/files/dirty_set.hpp"

#include <algorithm>

namespace farshore::primary {

void DirtySet::begin_cut(BootTime now) {
    began_ = now;
    for (auto& [path, dirty] : paths_) {
        dirty.before_t = true;
        if (dirty.removal == Removal::next_cut) {
            dirty.removal = Removal::this_cut;
        }
    }
}

DirtyPath* DirtySet::slot(const std::string& path, Drain drain, Timestamp now) {
    if (full_) {
        return nullptr;
    }
    const auto [place, fresh] = paths_.try_emplace(path);
    if (fresh) {
        if (paths_.size() > most_) {
            paths_.clear();
            full_ = true;
            return nullptr;
        }
        place->second.since = now;
        place->second.noticed = began_;
    }
    place->second.before_t = place->second.before_t || drain == Drain::first;
    return &place->second;
}

void DirtySet::changed(const std::string& path, Drain drain, Timestamp now) {
    DirtyPath* dirty = slot(path, drain, now);
    // A name that came back after L and went again may have been let go by a transaction after L.
    if (dirty != nullptr && drain == Drain::second && dirty->removal == Removal::this_cut) {
        dirty->removal = Removal::next_cut;
    }
}

void DirtySet::came(const std::string& path, Drain drain, Timestamp now) {
    changed(path, drain, now);
    const auto dirty = paths_.find(path);
    if (dirty != paths_.end()) {
        dirty->second.came_back = true;
    }
}

void DirtySet::distrust(const std::string& path, Timestamp now) {
    if (DirtyPath* dirty = slot(path, Drain::first, now)) {
        dirty->distrusted = true;
    }
}

void DirtySet::removed(const std::string& path, Drain drain, Timestamp now) {
    if (DirtyPath* dirty = slot(path, drain, now)) {
        dirty->removal = drain == Drain::first ? Removal::this_cut : Removal::next_cut;
        dirty->came_back = false;
    }
}

void DirtySet::found_absent(const std::string& path, Timestamp now) {
    if (DirtyPath* dirty = slot(path, Drain::second, now)) {
        dirty->removal = Removal::next_cut;
        dirty->came_back = false;
    }
}

void DirtySet::put_back(const std::string& path, Timestamp since, BootTime noticed) {
    if (DirtyPath* dirty = slot(path, Drain::first, since)) {
        dirty->since = std::min(dirty->since, since);
        dirty->noticed = std::min(dirty->noticed, noticed);
    }
}

DirtyPath DirtySet::find(const std::string& path) const {
    const auto found = paths_.find(path);
    return found == paths_.end() ? DirtyPath{} : found->second;
}

}  // namespace farshore::primary
