#include "agent/primary/files/link_census.hpp"

namespace farshore::primary {

void LinkCensus::begin() {
    files_.clear();
    overrun_ = false;
}

void LinkCensus::see(const std::string& path, const storage::FileStatus& status) {
    if (status.type != EntryType::file || status.links < 2) {
        return;
    }
    const std::pair key(status.filesystem, status.inode);
    const auto known = files_.find(key);
    if (known != files_.end()) {
        if (++known->second.names >= status.links) {
            files_.erase(known);
        }
    } else if (files_.size() < most_) {
        files_[key] = {.names = 1, .path = path};
    } else {
        overrun_ = true;
    }
}

std::vector<std::string> LinkCensus::with_other_names() const {
    std::vector<std::string> paths;
    paths.reserve(files_.size());
    for (const auto& [file, seen] : files_) {
        paths.push_back(seen.path);
    }
    return paths;
}

}  // namespace farshore::primary
