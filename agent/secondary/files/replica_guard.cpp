#include "agent/secondary/files/replica_guard.hpp"

#include <algorithm>

#include "storage/disk/tree_paths.hpp"

namespace farshore::secondary {

using storage::KnownRoot;
using storage::TreeMarker;

namespace {

KnownRoot found_root(const storage::FileStatus& status, const TreeMarker& marker) {
    return {marker.id, status.filesystem, status.inode};
}

}  // namespace

ReplicaGuard::ReplicaGuard(storage::FileSystem& files, Wanted wanted)
    : files_(files), wanted_(std::move(wanted)) {}

void ReplicaGuard::changed(const std::string& how) const {
    throw Error(ErrorCode::root_changed,
                "the replica of " + wanted_.tree.str() + " at " + wanted_.path + " " + how);
}

std::string ReplicaGuard::how_to_put_back(const std::string& marker_id) const {
    return storage::how_to_put_back(
        {wanted_.stream, wanted_.tree, TreeMarker::Role::secondary, marker_id});
}

// What an interrupted take_unmarked() may have left counts as nothing.
bool ReplicaGuard::is_empty(const storage::Handle& root) const {
    const auto items = files_.list(root);
    return std::all_of(items.begin(), items.end(),
                       [](const auto& item) { return item.name == storage::tree_paths::ours; });
}

void ReplicaGuard::require_free(const storage::Handle& root) const {
    if (!wanted_.adopt && !is_empty(root)) {
        throw Error(ErrorCode::replica_not_empty, "the replica of " + wanted_.tree.str() + " at " +
                                                      wanted_.path +
                                                      " holds files that are not ours");
    }
}

void ReplicaGuard::take_unmarked(storage::SecondaryState& state, const storage::Handle& root,
                                 const NewId& new_id) const {
    if (const auto known = state.known_root(wanted_.tree)) {
        changed("bears no marker any more; " + how_to_put_back(known->marker_id));
    }
    require_free(root);
    storage::write_marker(files_, root,
                          {wanted_.stream, wanted_.tree, TreeMarker::Role::secondary, new_id()});
}

void ReplicaGuard::require_ours(const TreeMarker& marker) const {
    if (marker.stream != wanted_.stream || marker.tree != wanted_.tree ||
        marker.role != TreeMarker::Role::secondary) {
        throw Error(ErrorCode::replica_not_empty,
                    wanted_.path + " is not the replica of tree " + wanted_.tree.str() +
                        " of stream " + wanted_.stream.str() + " but " +
                        (marker.role == TreeMarker::Role::primary ? "the primary" : "a replica") +
                        " of tree " + marker.tree.str() + " of stream " + marker.stream.str());
    }
}

// The number of a filesystem may be another after a restart of the host: the marker's id and the
// inode tell.
void ReplicaGuard::require_known(const KnownRoot& known, const KnownRoot& found) const {
    if (known.marker_id != found.marker_id) {
        changed("bears another marker than the one we made");
    }
    if (known.inode != found.inode) {
        changed("is a copy of the directory we know");
    }
}

void ReplicaGuard::open(storage::SecondaryState& state, const NewId& new_id) {
    storage::Handle root = files_.open_root(wanted_.path);
    std::optional<TreeMarker> marker = storage::read_marker(files_, root);
    if (!marker) {
        take_unmarked(state, root, new_id);
        marker = storage::read_marker(files_, root);
        FARSHORE_ASSERT(marker.has_value());
    }
    require_ours(*marker);
    const KnownRoot found = found_root(files_.status(root), *marker);
    const auto known = state.known_root(wanted_.tree);
    if (known) {
        require_known(*known, found);
    }
    if (known != found) {
        state.remember_root(wanted_.tree, found);
    }
    root_ = std::move(root);
    marker_id_ = found.marker_id;
}

void ReplicaGuard::probe() const {
    const storage::Handle root = files_.open_root(wanted_.path);
    if (const auto marker = storage::read_marker(files_, root)) {
        require_ours(*marker);
    } else {
        require_free(root);
    }
}

void ReplicaGuard::check() const {
    FARSHORE_ASSERT(root_.is_open());
    const storage::FileStatus ours = files_.status(root_);
    try {
        const storage::FileStatus there = files_.status(files_.open_root(wanted_.path));
        if (there.inode != ours.inode || there.filesystem != ours.filesystem) {
            changed("is another directory than before");
        }
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) {
            changed("is gone");
        }
        throw;
    }
    if (!storage::read_marker(files_, root_)) {
        changed("has lost its marker; " + how_to_put_back(marker_id_));
    }
}

}  // namespace farshore::secondary
