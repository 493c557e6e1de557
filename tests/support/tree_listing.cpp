#include "tests/support/tree_listing.hpp"

#include <algorithm>
#include <map>

#include "storage/disk/file_digest.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::test {

namespace {

FileEntry entry_at(storage::FileSystem& files, const storage::Handle& root,
                   const std::string& path) {
    const storage::FileStatus status = files.status(root, path).value();
    FileEntry entry;
    entry.path = path;
    entry.type = status.type;
    entry.mode = status.type == EntryType::symlink ? 0 : status.mode;
    entry.uid = status.uid;
    entry.gid = status.gid;
    entry.mtime = status.mtime;
    entry.device = status.device;
    entry.xattrs = files.read_xattrs(root, path);
    if (status.type == EntryType::file) {
        entry.size = status.size;
        entry.sha256 = storage::digest_of(files, files.open_file(root, path)).sha256;
        entry.link = status.links > 1 ? std::to_string(status.inode) : "";
    } else if (status.type == EntryType::symlink) {
        entry.target = files.read_symlink(root, path);
    }
    return entry;
}

}  // namespace

std::vector<FileEntry> listing_of(const std::string& root_path) {
    storage::PosixFileSystem files;
    const storage::Handle root = files.open_root(root_path);
    std::vector<FileEntry> entries;
    std::vector<std::string> directories{"."};
    entries.push_back(entry_at(files, root, "."));
    while (!directories.empty()) {
        const std::string at = directories.back();
        directories.pop_back();
        for (const auto& item : files.list(files.open_directory(root, at))) {
            const std::string path = at == "." ? item.name : at + "/" + item.name;
            if (storage::tree_paths::is_ours(path)) {
                continue;
            }
            entries.push_back(entry_at(files, root, path));
            if (entries.back().type == EntryType::directory) {
                directories.push_back(path);
            }
        }
    }
    std::sort(entries.begin(), entries.end(),
              [](const FileEntry& a, const FileEntry& b) { return a.path < b.path; });
    return entries;
}

std::vector<FileEntry> changes_between(const std::vector<FileEntry>& before,
                                       const std::vector<FileEntry>& after) {
    std::map<std::string, FileEntry> changes;
    for (const FileEntry& entry : before) {
        FileEntry gone;
        gone.path = entry.path;
        gone.type = EntryType::deleted;
        changes[entry.path] = gone;
    }
    for (const FileEntry& entry : after) {
        changes[entry.path] = entry;
    }
    for (const FileEntry& entry : before) {
        if (changes.at(entry.path) == entry) {
            changes.erase(entry.path);
        }
    }
    std::vector<FileEntry> sorted;
    for (auto& [path, entry] : changes) {
        sorted.push_back(std::move(entry));
    }
    return sorted;
}

}  // namespace farshore::test
