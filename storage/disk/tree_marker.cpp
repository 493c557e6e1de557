#include "storage/disk/tree_marker.hpp"

#include <boost/json.hpp>

#include "storage/disk/durable_write.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::storage {

namespace {

constexpr int format_version = 1;
constexpr std::size_t members = 5;
constexpr std::size_t longest_bytes = 4096;
constexpr std::size_t id_digits = 32;

std::string_view name_of(TreeMarker::Role role) {
    return role == TreeMarker::Role::primary ? "primary" : "secondary";
}

bool is_id(std::string_view text) {
    return text.size() == id_digits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

TreeMarker marker_of(const boost::json::object& object) {
    const auto text = [&](std::string_view name) {
        return std::string(object.at(name).as_string());
    };
    TreeMarker marker;
    marker.stream = StreamName(text("stream"));
    marker.tree = SourceName(text("tree"));
    marker.id = text("id");
    const std::string role = text("role");
    marker.role = role == "primary" ? TreeMarker::Role::primary : TreeMarker::Role::secondary;
    if (name_of(marker.role) != role || !is_id(marker.id) || object.size() != members) {
        throw Error(ErrorCode::malformed, "not a marker: a member is wrong");
    }
    return marker;
}

}  // namespace

std::string to_json(const TreeMarker& marker) {
    FARSHORE_ASSERT(is_id(marker.id));
    return boost::json::serialize(boost::json::object{{"farshore", format_version},
                                                      {"stream", marker.stream.str()},
                                                      {"tree", marker.tree.str()},
                                                      {"role", name_of(marker.role)},
                                                      {"id", marker.id}}) +
           "\n";
}

Result<TreeMarker> parse_marker(std::string_view json) {
    try {
        const boost::json::value value = boost::json::parse(json);
        const boost::json::object& object = value.as_object();
        if (object.at("farshore").as_int64() != format_version) {
            return Error(ErrorCode::bad_version, "the marker is of a later farshore");
        }
        return marker_of(object);
    } catch (const Error& error) {
        return Error(ErrorCode::malformed, error.message());
    } catch (const std::exception& error) {
        return Error(ErrorCode::malformed, std::string("not a marker: ") + error.what());
    }
}

std::optional<TreeMarker> read_marker(FileSystem& files, const Handle& root) {
    std::string json;
    try {
        json = read_whole(files, root, tree_paths::marker, longest_bytes);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) {
            return std::nullopt;
        }
        throw;
    }
    Result<TreeMarker> marker = parse_marker(json);
    if (!marker) {
        throw Error(ErrorCode::state_damaged, "cannot read " + std::string(tree_paths::marker) +
                                                  ": " + marker.error().message());
    }
    return std::move(marker).take();
}

std::string how_to_put_back(const TreeMarker& marker) {
    std::string line = to_json(marker);
    line.pop_back();  // the newline
    return "if this is the right directory and its marker was deleted, put it back as " +
           std::string(tree_paths::marker) + ": " + line;
}

void make_our_directory(FileSystem& files, const Handle& root) {
    const FileStatus before = files.status(root);
    try {
        files.make_directory(root, tree_paths::ours, 0700);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::already_exists) {
            throw;
        }
        return;
    }
    files.set_mtime(root, ".", before.mtime);
    files.sync_file(root);
}

void write_marker(FileSystem& files, const Handle& root, const TreeMarker& marker) {
    make_our_directory(files, root);
    const Handle ours = files.open_directory(root, tree_paths::ours);
    const std::size_t directory_and_slash = tree_paths::ours.size() + 1;
    write_durably(files, ours, std::string(tree_paths::marker.substr(directory_and_slash)),
                  to_json(marker), 0600);
}

}  // namespace farshore::storage
