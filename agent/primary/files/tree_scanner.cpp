#include "agent/primary/files/tree_scanner.hpp"

#include <algorithm>
#include <utility>

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

bool DirectoryVisitor::watch_file(const storage::Handle& root, const std::string& path) {
    try {
        const WatchOutcome outcome = watcher_.watch_file(path, files_.open_file(root, path));
        return outcome == WatchOutcome::watched || outcome == WatchOutcome::gone;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found || error.code() == ErrorCode::unsafe_path) {
            return true;  // another event, or the next scan, tells what is there now
        }
        if (error.code() != ErrorCode::io) {
            throw;
        }
        return false;
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

std::optional<TreeScanner::Found> TreeScanner::next(const storage::Handle& root) {
    while (!levels_.empty()) {
        Level& level = levels_.back();
        if (!level.visited) {
            visit(level, root);
            return Found{level.directory, std::nullopt};
        }
        bool is_directory = false;
        auto found = next_of(level, is_directory);
        if (!found) {
            levels_.pop_back();
            continue;
        }
        level.given = found->path;
        if (!is_directory) {
            return found;
        }
        levels_.emplace_back(found->path);
    }
    return std::nullopt;
}

std::optional<TreeScanner::Found> TreeScanner::next_of(Level& level, bool& is_directory) {
    if (level.indexed.empty() && !level.indexed_all) {
        fetch_indexed(level);
    }
    const bool is_listed = level.next_child < level.children.size();
    if (!is_listed && level.indexed.empty()) {
        return std::nullopt;
    }
    const bool is_indexed =
        !level.indexed.empty() &&
        (!is_listed || level.indexed.front().path <= level.children[level.next_child].path);
    Found found;
    if (is_indexed) {
        found = std::move(level.indexed.front());
        level.indexed.pop_front();
        if (!is_listed || found.path != level.children[level.next_child].path) {
            found.indexed.reset();  // it is not there any more
            return found;
        }
    }
    DirectoryVisitor::Child& child = level.children[level.next_child++];
    is_directory = child.is_directory;
    found.path = std::move(child.path);
    return found;
}

void TreeScanner::refresh() {
    for (Level& level : levels_) {
        level.indexed.clear();
        level.indexed_up_to = level.given;
        level.indexed_all = !level.readable;
    }
}

void TreeScanner::fetch_indexed(Level& level) {
    const std::string prefix = prefix_of(level.directory);
    std::string after = level.indexed_up_to.empty() ? prefix : level.indexed_up_to;
    bool more = true;
    while (more && level.indexed.size() < indexed_at_a_time) {
        more = false;
        const auto take = [&](std::string_view path, const storage::StatIdentity& identity) {
            if (!path.starts_with(prefix)) {
                return false;
            }
            const std::size_t slash = path.find('/', prefix.size());
            more = true;
            if (slash != std::string_view::npos) {
                // Below a child: on behind everything in it. No name begins with so many 0xff.
                after = std::string(path.substr(0, slash + 1)) +
                        std::string(limits::path_component + 1, '\xff');
                return false;
            }
            after = path;
            if (path != ".") {
                level.indexed.push_back({std::string(path), identity});
            }
            return level.indexed.size() < indexed_at_a_time;
        };
        state_.walk_identities(tree_, after, take);
    }
    level.indexed_all = !more;
    level.indexed_up_to = after;
}

}  // namespace farshore::primary
