#include "agent/primary/files/root_guard.hpp"

#include "storage/disk/tree_marker.hpp"

namespace farshore::primary {

namespace {

std::string hex_of(const std::string& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        hex += digits[value >> 4U];
        hex += digits[value & 15U];
    }
    return hex;
}

}  // namespace

RootGuard::RootGuard(storage::FileSystem& files, StreamName stream, SourceName tree,
                     std::string path)
    : files_(files), stream_(std::move(stream)), tree_(std::move(tree)), path_(std::move(path)) {}

Error RootGuard::changed(const std::string& reason) const {
    return {ErrorCode::root_changed,
            "the root of tree " + tree_.str() + " at " + path_ + " is not ours: " + reason};
}

void RootGuard::check_marker(const storage::Handle& root, const std::string& id) const {
    const auto marker = storage::read_marker(files_, root);
    if (!marker) {
        throw changed("it bears no marker (not mounted, emptied, or another directory); " +
                      storage::how_to_put_back({.stream = stream_,
                                                .tree = tree_,
                                                .role = storage::TreeMarker::Role::primary,
                                                .id = id}));
    }
    if (marker->stream != stream_ || marker->tree != tree_) {
        throw changed("it bears the marker of tree " + marker->tree.str() + " of stream " +
                      marker->stream.str());
    }
    if (marker->role != storage::TreeMarker::Role::primary) {
        throw changed("it is a replica");
    }
    if (marker->id != id) {
        throw changed("its marker is another one");
    }
}

std::string RootGuard::make_or_adopt_marker(const storage::Handle& root,
                                            runtime::Random& random) const {
    if (const auto marker = storage::read_marker(files_, root)) {
        // The state was lost or moved away, the marker stayed.
        check_marker(root, marker->id);
        return marker->id;
    }
    storage::TreeMarker marker{.stream = stream_,
                               .tree = tree_,
                               .role = storage::TreeMarker::Role::primary,
                               .id = hex_of(random.bytes(16))};
    storage::write_marker(files_, root, marker);
    return marker.id;
}

void RootGuard::recognise(storage::PrimaryState& state, runtime::Random& random) {
    const storage::TreeStanding known = state.tree(tree_);
    storage::Handle root;
    try {
        root = files_.open_root(path_);
    } catch (const Error& error) {
        if (known.marker_id) {
            throw changed(error.message());
        }
        throw;
    }
    const storage::FileStatus status = files_.status(root);
    std::string id;
    if (known.marker_id) {
        id = *known.marker_id;
        check_marker(root, id);
        // Device numbers change from boot to boot; inodes do not.
        if (status.inode != known.root_inode) {
            throw changed("it is another directory with a copy of the marker");
        }
    } else {
        id = make_or_adopt_marker(root, random);
    }
    state.set_root(tree_, id, status.filesystem, status.inode);
    marker_id_ = id;
    filesystem_ = status.filesystem;
    inode_ = status.inode;
    recognised_ = true;
}

Result<storage::Handle> RootGuard::open() const {
    FARSHORE_ASSERT(recognised_);
    try {
        storage::Handle root = files_.open_root(path_);
        const storage::FileStatus status = files_.status(root);
        if (status.filesystem != filesystem_ || status.inode != inode_) {
            return changed("another directory or filesystem is there now");
        }
        check_marker(root, marker_id_);
        return root;
    } catch (const Error& error) {
        return error.code() == ErrorCode::root_changed ? error : changed(error.message());
    }
}

}  // namespace farshore::primary
