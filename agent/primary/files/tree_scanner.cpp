#include "agent/primary/files/tree_scanner.hpp"

#include <algorithm>

#include "protocol/limits.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::primary {

namespace {

// How many children are asked of the index at a time.
constexpr std::size_t indexed_at_a_time = 1'000;

std::string prefix_of(const std::string& directory) {
    return directory == "." ? "" : directory + "/";
}

}  // namespace

void DirectoryVisitor::watch(const std::string& directory, const storage::Handle& handle) {
    switch (watcher_.watch(directory, handle)) {
        case WatchOutcome::limit_reached:
            uncovered_.unwatched(directory,
                                 "not watched: the limit fs.inotify.max_user_watches is reached");
            break;
        case WatchOutcome::not_reported:
            uncovered_.unwatched(directory,
                                 "not watched: the filesystem does not report what others write");
            break;
        case WatchOutcome::watched:
        case WatchOutcome::gone:
            break;
    }
}

bool DirectoryVisitor::is_directory(const storage::Handle& handle,
                                    const storage::DirectoryItem& item) const {
    if (item.type_known) {
        return item.type == EntryType::directory;
    }
    const auto status = files_.status(handle, item.name);
    return status && status->type == EntryType::directory;
}

std::optional<std::vector<DirectoryVisitor::Child>> DirectoryVisitor::visit(
    const storage::Handle& root, const std::string& directory) {
    try {
        const storage::Handle handle = files_.open_directory(root, directory);
        watch(directory, handle);
        std::vector<Child> children;
        for (storage::DirectoryItem& item : files_.list(handle)) {
            const bool down = is_directory(handle, item);
            std::string path = prefix_of(directory) + item.name;
            if (!storage::tree_paths::is_ours(path) && !excluded_.excludes(path, down)) {
                children.push_back({std::move(path), down});
            }
        }
        std::sort(children.begin(), children.end(),
                  [](const Child& a, const Child& b) { return a.path < b.path; });
        uncovered_.clear(directory);
        return children;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::io) {
            uncovered_.refuse(directory, error.message());
        } else if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unsafe_path) {
            throw;
        }
        return std::nullopt;
    }
}

void TreeScanner::begin() {
    levels_.clear();
    levels_.emplace_back(".");
}

void TreeScanner::visit(Level& level, const storage::Handle& root) {
    auto children = visitor_.visit(root, level.directory);
    level.visited = true;
    level.readable = children.has_value();
    level.children = std::move(children).value_or(std::vector<DirectoryVisitor::Child>());
    // What could not be listed says nothing about what is missing in it.
    level.indexed_all = !level.readable;
}

std::optional<std::string> TreeScanner::next(const storage::Handle& root) {
    while (!levels_.empty()) {
        Level& level = levels_.back();
        if (!level.visited) {
            visit(level, root);
            return level.directory;
        }
        if (level.next_child < level.children.size()) {
            const DirectoryVisitor::Child& child = level.children[level.next_child++];
            if (child.is_directory) {
                levels_.emplace_back(child.path);
                continue;
            }
            return child.path;
        }
        if (auto missing = next_missing(level)) {
            return missing;
        }
        levels_.pop_back();
    }
    return std::nullopt;
}

std::optional<std::string> TreeScanner::next_missing(Level& level) {
    for (;;) {
        if (level.indexed.empty() && !level.indexed_all) {
            fetch_indexed(level);
        }
        if (level.indexed.empty()) {
            return std::nullopt;
        }
        std::string path = std::move(level.indexed.front());
        level.indexed.pop_front();
        const auto by_path = [](const DirectoryVisitor::Child& child, const std::string& other) {
            return child.path < other;
        };
        const auto there =
            std::lower_bound(level.children.begin(), level.children.end(), path, by_path);
        if (there == level.children.end() || there->path != path) {
            return path;
        }
    }
}

void TreeScanner::fetch_indexed(Level& level) {
    const std::string prefix = prefix_of(level.directory);
    std::string after = level.indexed_up_to.empty() ? prefix : level.indexed_up_to;
    bool more = true;
    while (more && level.indexed.size() < indexed_at_a_time) {
        more = false;
        state_.walk(tree_, after, [&](const storage::CapturedEntry& row) {
            const std::string& path = row.entry.path;
            if (!path.starts_with(prefix)) {
                return false;
            }
            const std::size_t slash = path.find('/', prefix.size());
            more = true;
            if (slash != std::string::npos) {
                // Below a child: on behind everything in it. No name begins with so many 0xff.
                after = path.substr(0, slash + 1) + std::string(limits::path_component + 1, '\xff');
                return false;
            }
            after = path;
            if (path != ".") {
                level.indexed.push_back(path);
            }
            return level.indexed.size() < indexed_at_a_time;
        });
    }
    level.indexed_all = !more;
    level.indexed_up_to = after;
}

}  // namespace farshore::primary
