#include "agent/primary/files/uncovered_paths.hpp"

#include <utility>

namespace farshore::primary {

void UncoveredPaths::refuse(const std::string& path, const std::string& reason) {
    const auto known = refused_.find(path);
    if (known != refused_.end()) {
        known->second = reason;
    } else if (refused_.size() < most_) {
        refused_[path] = reason;
    } else {
        this_.refused_more += 1;
    }
}

void UncoveredPaths::unwatched(const std::string& path, const std::string& reason) {
    if (this_.unwatched.size() < most_) {
        this_.unwatched[path] = reason;
    }
}

void UncoveredPaths::note(const std::string& name, const std::string& reason) {
    if (this_.noted.size() < most_) {
        this_.noted[name] = reason;
    }
}

void UncoveredPaths::clear(const std::string& path) {
    refused_.erase(path);
}

void UncoveredPaths::begin_sweep() {
    this_ = {};
}

void UncoveredPaths::end_sweep() {
    last_ = std::exchange(this_, {});
}

std::vector<Uncovered> UncoveredPaths::list(std::size_t limit) const {
    std::vector<Uncovered> listed;
    const auto both = [](std::map<std::string, std::string> now,
                         const std::map<std::string, std::string>& before) {
        now.insert(before.begin(), before.end());
        return now;
    };
    const auto unwatched = both(this_.unwatched, last_.unwatched);
    const auto noted = both(this_.noted, last_.noted);
    for (const auto* paths : {&refused_, &unwatched, &noted}) {
        for (const auto& [path, reason] : *paths) {
            if (listed.size() < limit) {
                listed.push_back({path, reason});
            }
        }
    }
    return listed;
}

}  // namespace farshore::primary
