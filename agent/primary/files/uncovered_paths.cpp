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
    std::map<std::string, std::string> unwatched = this_.unwatched;
    unwatched.insert(last_.unwatched.begin(), last_.unwatched.end());
    for (const auto* paths : {&refused_, &std::as_const(unwatched)}) {
        for (const auto& [path, reason] : *paths) {
            if (listed.size() < limit) {
                listed.push_back({path, reason});
            }
        }
    }
    return listed;
}

}  // namespace farshore::primary
