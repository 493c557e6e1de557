#include "agent/commands/detachment.hpp"

#include <fmt/core.h>

#include <optional>

#include "agent/primary/postgres/detach.hpp"
#include "agent/secondary/postgres/detach.hpp"
#include "protocol/error.hpp"
#include "storage/disk/directory_lock.hpp"
#include "storage/disk/tree_marker.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::commands {

namespace {

namespace tree_paths = storage::tree_paths;

void remove_content(storage::FileSystem& files, const storage::Handle& folder) {
    for (const storage::DirectoryItem& item : files.list(folder)) {
        const auto status = files.status(folder, item.name);
        if (status && status->type == EntryType::directory) {
            remove_content(files, files.open_directory(folder, item.name));
            files.remove_directory(folder, item.name);
        } else {
            files.unlink(folder, item.name);
        }
    }
}

bool holds_something(storage::FileSystem& files, const storage::Handle& root) {
    return files.status(root, tree_paths::foreign) &&
           !files.list(files.open_directory(root, tree_paths::foreign)).empty();
}

// Whose it is, when it is not this tree's; else empty.
std::string other_owner(storage::FileSystem& files, const storage::Handle& root,
                        const StreamName& stream, const SourceName& tree) {
    const auto marker = storage::read_marker(files, root);
    return !marker || (marker->stream == stream && marker->tree == tree)
               ? ""
               : fmt::format("tree {} of stream {}", marker->tree.str(), marker->stream.str());
}

// Null when there is nothing of ours.
std::optional<Detached> detach_tree(storage::FileSystem& files, const StreamName& stream,
                                    const config::Tree& tree) {
    Detached result{"tree " + tree.name.str(), fmt::format("{}/{}", tree.path, tree_paths::ours),
                    ""};
    try {
        const storage::Handle root = files.open_root(tree.path);
        if (!files.status(root, tree_paths::ours)) {
            return std::nullopt;
        }
        if (const std::string other = other_owner(files, root, stream, tree.name); !other.empty()) {
            result.error =
                fmt::format("{} is of {}: it is not this config's to remove", tree.path, other);
            return result;
        }
        if (holds_something(files, root)) {
            result.error = fmt::format(
                "{}/{} holds what others had put where the tree needed room: look at it and "
                "empty it first",
                tree.path, tree_paths::foreign);
            return result;
        }
        const FileTime mtime = files.status(root).mtime;
        remove_content(files, files.open_directory(root, tree_paths::ours));
        files.remove_directory(root, tree_paths::ours);
        files.set_mtime(root, ".", mtime);
        files.sync_file(root);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) {
            return std::nullopt;
        }
        result.error = error.message();
    }
    return result;
}

void detach_database(const config::Config& config, const config::Database& database,
                     std::vector<Detached>& done) {
    const std::string place = "database " + database.name.str();
    try {
        const bool primary = config.agent.role == config::Role::primary;
        const auto removed = primary ? primary::detach_database(config.agent.stream, database)
                                     : secondary::detach_replica(config.agent.stream, database);
        for (const std::string& sentence : removed) {
            done.push_back({place, sentence, ""});
        }
    } catch (const Error& error) {
        done.push_back({place, "everything of farshore", error.message()});
    }
}

// Held while we work: no agent may run with this state meanwhile. Null when it has no state yet.
std::optional<storage::DirectoryLock> lock_state(storage::FileSystem& files,
                                                 const std::string& directory) {
    std::optional<storage::Handle> state;
    try {
        state.emplace(files.open_root(directory));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) {
            return std::nullopt;
        }
        throw;
    }
    return std::optional<storage::DirectoryLock>(std::in_place, files, *state);
}

}  // namespace

std::vector<Detached> list_attached(const config::Config& config) {
    std::vector<Detached> found;
    const bool primary = config.agent.role == config::Role::primary;
    for (const config::Database& database : config.databases) {
        found.push_back(
            {"database " + database.name.str(),
             primary ? "slots, publication, event trigger, schema farshore" : "schema farshore",
             ""});
    }
    for (const config::Tree& tree : config.trees) {
        found.push_back(
            {"tree " + tree.name.str(), fmt::format("{}/{}", tree.path, tree_paths::ours), ""});
    }
    return found;
}

std::vector<Detached> detach(storage::FileSystem& files, const config::Config& config) {
    const auto lock = lock_state(files, config.agent.state);
    std::vector<Detached> done;
    for (const config::Database& database : config.databases) {
        detach_database(config, database, done);
    }
    for (const config::Tree& tree : config.trees) {
        if (auto result = detach_tree(files, config.agent.stream, tree)) {
            done.push_back(std::move(*result));
        }
    }
    return done;
}

}  // namespace farshore::commands
