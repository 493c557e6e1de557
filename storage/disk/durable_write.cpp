#include "storage/disk/durable_write.hpp"

#include "storage/disk/crash_point.hpp"

namespace farshore::storage {

namespace {

constexpr std::string_view leftover_suffix = ".farshore-new";

}  // namespace

void write_durably(FileSystem& files, const Handle& directory, const std::string& name,
                   std::string_view content, std::uint32_t mode) {
    const std::string temporary = name + std::string(leftover_suffix);
    files.unlink(directory, temporary);
    {
        const Handle file = files.create_file(directory, temporary);
        files.write_at(file, 0, std::as_bytes(std::span(content)));
        if (files.status(file).size != content.size()) {
            throw Error(ErrorCode::io, "cannot write " + temporary + ": its length is wrong");
        }
        files.set_mode(directory, temporary, mode);
        crash_point("durable_write_before_sync");
        files.sync_file(file);
    }
    crash_point("durable_write_before_rename");
    files.rename(directory, temporary, directory, name);
    crash_point("durable_write_before_directory_sync");
    files.sync_file(directory);
}

std::string read_whole(FileSystem& files, const Handle& at, std::string_view path,
                       std::size_t limit_bytes) {
    const Handle file = files.open_file(at, path);
    std::string content(limit_bytes + 1, '\0');
    content.resize(files.read_at(file, 0, std::as_writable_bytes(std::span(content))));
    if (content.size() > limit_bytes) {
        throw Error(ErrorCode::too_large, "cannot read " + std::string(path) + ": longer than " +
                                              std::to_string(limit_bytes) + " bytes");
    }
    return content;
}

std::vector<std::string> remove_leftovers(FileSystem& files, const Handle& directory) {
    std::vector<std::string> removed;
    for (DirectoryItem& item : files.list(directory)) {
        if (item.name.ends_with(leftover_suffix) && files.unlink(directory, item.name)) {
            removed.push_back(std::move(item.name));
        }
    }
    return removed;
}

}  // namespace farshore::storage
