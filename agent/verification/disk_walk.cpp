#include "agent/verification/disk_walk.hpp"

#include <algorithm>

#include "storage/disk/tree_paths.hpp"

namespace farshore::verification {

DiskWalk::DiskWalk(storage::FileSystem& files, const storage::Handle& root, IsLeftOut is_left_out)
    : files_(files), root_(root), is_left_out_(std::move(is_left_out)) {
    enter(".", "");
}

void DiskWalk::enter(const std::string& path, const std::string& prefix) {
    std::vector<storage::DirectoryItem> items;
    try {
        items = files_.list(files_.open_directory(root_, path));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unsafe_path) {
            throw;
        }
        return;  // it was a directory a moment ago
    }
    Level level{prefix, {}, 0};
    if (prefix.empty()) {
        level.steps.push_back({".", false});
    }
    for (storage::DirectoryItem& item : items) {
        const std::string child = prefix + item.name;
        if (storage::tree_paths::is_ours(child) || (is_left_out_ && is_left_out_(child))) {
            continue;
        }
        if (!item.type_known) {
            const auto status = files_.status(root_, child);
            item.type = status ? status->type : EntryType::file;
        }
        if (item.type == EntryType::directory) {
            level.steps.push_back({item.name + "/", true});
        }
        level.steps.push_back({std::move(item.name), false});
    }
    std::sort(level.steps.begin(), level.steps.end(),
              [](const Step& a, const Step& b) { return a.key < b.key; });
    levels_.push_back(std::move(level));
}

std::optional<std::string> DiskWalk::next() {
    while (!levels_.empty()) {
        Level& level = levels_.back();
        if (level.position == level.steps.size()) {
            levels_.pop_back();
            continue;
        }
        const Step step = std::move(level.steps[level.position++]);
        const std::string path = level.prefix + step.key;
        if (!step.is_inside) {
            return path;
        }
        enter(path.substr(0, path.size() - 1), path);
    }
    return std::nullopt;
}

}  // namespace farshore::verification
