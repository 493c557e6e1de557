#include "agent/primary/files/uncovered_paths.hpp"

namespace farshore::primary {

void UncoveredPaths::refuse(const std::string& path, const std::string& reason) {
    const auto known = refused_.find(path);
    if (known != refused_.end()) {
        known->second = reason;
    } else if (refused_.size() < most_) {
        refused_[path] = reason;
    } else {
        refused_more_ += 1;
    }
}

void UncoveredPaths::unwatched(const std::string& path, const std::string& reason) {
    if (unwatched_.size() < most_) {
        unwatched_[path] = reason;
    }
}

void UncoveredPaths::clear(const std::string& path) {
    refused_.erase(path);
}

void UncoveredPaths::begin_sweep() {
    unwatched_.clear();
    refused_more_ = 0;
}

std::vector<Uncovered> UncoveredPaths::list(std::size_t limit) const {
    std::vector<Uncovered> listed;
    for (const auto* paths : {&refused_, &unwatched_}) {
        for (const auto& [path, reason] : *paths) {
            if (listed.size() < limit) {
                listed.push_back({path, reason});
            }
        }
    }
    return listed;
}

}  // namespace farshore::primary
