#include "agent/verification/tree_check.hpp"

#include <array>

#include "storage/disk/file_digest.hpp"

namespace farshore::verification {

using storage::FileStatus;

namespace {

std::string name_of(EntryType type) {
    static constexpr std::array<const char*, 8> names{"nothing", "file",   "directory", "symlink",
                                                      "fifo",    "socket", "device",    "nothing"};
    return names[static_cast<std::size_t>(type)];
}

std::string octal(std::uint32_t mode) {
    std::string text;
    for (int shift = 9; shift >= 0; shift -= 3) {
        text.push_back(static_cast<char>('0' + ((mode >> shift) & 7U)));
    }
    return text;
}

std::string owner(std::uint32_t uid, std::uint32_t gid) {
    return std::to_string(uid) + ":" + std::to_string(gid);
}

std::string device(DeviceNumber number) {
    return std::string(number.block ? "b " : "c ") + std::to_string(number.major) + ":" +
           std::to_string(number.minor);
}

std::string names_and_digest(const std::map<std::string, std::string>& xattrs) {
    std::string names;
    Sha256 hash;
    for (const auto& [name, value] : xattrs) {
        names += (names.empty() ? "" : " ") + name;
        hash.update(value);
    }
    return xattrs.empty() ? "none" : names + " with values of sha256 " + hash.finish().hex();
}

}  // namespace

TreeCheck::TreeCheck(storage::FileSystem& files, const storage::Handle& root,
                     const SourceName& tree, DiskWalk::IsLeftOut is_left_out, OnFinding on_finding)
    : files_(files),
      root_(root),
      tree_(tree),
      on_finding_(std::move(on_finding)),
      walk_(files, root, std::move(is_left_out)),
      on_disk_(walk_.next()) {}

void TreeCheck::add(FindingKind kind, const std::string& path, std::string expected,
                    std::string found) {
    on_finding_({kind, tree_.str(), path, std::move(expected), std::move(found)});
}

// Goes on to `path`; what the disk has before it is too much. True when it is on the disk.
bool TreeCheck::reach(const std::string& path) {
    FARSHORE_ASSERT(last_ < path);
    last_ = path;
    while (on_disk_ && *on_disk_ < path) {
        const auto status = files_.status(root_, *on_disk_);
        if (status) {
            add(FindingKind::path_extra, *on_disk_, "nothing", name_of(status->type));
        }
        on_disk_ = walk_.next();
    }
    const bool there = on_disk_ == path;
    if (there) {
        on_disk_ = walk_.next();
    }
    return there;
}

void TreeCheck::expect(const FileEntry& entry) {
    FARSHORE_ASSERT(entry.type != EntryType::deleted);
    ++paths_;
    const auto status = reach(entry.path) ? files_.status(root_, entry.path) : std::nullopt;
    if (status) {
        compare(entry, *status);
    } else {
        add(FindingKind::path_missing, entry.path, name_of(entry.type), "nothing");
    }
}

void TreeCheck::ignore(const std::string& path) {
    (void)reach(path);
}

void TreeCheck::finish() {
    while (on_disk_) {
        const auto status = files_.status(root_, *on_disk_);
        if (status) {
            add(FindingKind::path_extra, *on_disk_, "nothing", name_of(status->type));
        }
        on_disk_ = walk_.next();
    }
}

void TreeCheck::differs(std::string_view attribute, const std::string& expected,
                        const std::string& found) {
    if (expected != found) {
        const std::string separator = expected_.empty() ? "" : ", ";
        expected_ += separator + std::string(attribute) + " " + expected;
        found_ += separator + std::string(attribute) + " " + found;
    }
}

void TreeCheck::compare(const FileEntry& entry, const FileStatus& status) {
    expected_.clear();
    found_.clear();
    differs("type", name_of(entry.type), name_of(status.type));
    if (entry.type == status.type) {
        if (entry.type != EntryType::symlink) {
            differs("mode", octal(entry.mode), octal(status.mode));
        }
        differs("owner", owner(entry.uid, entry.gid), owner(status.uid, status.gid));
        differs("mtime", to_evidence_text(entry.mtime), to_evidence_text(status.mtime));
        try {
            compare_content(entry, status);
        } catch (const Error& error) {
            // It changed its type or went while we looked: that is a difference too.
            differs("content", "that can be read", error.message());
        }
    }
    if (!expected_.empty()) {
        add(FindingKind::path_differs, entry.path, expected_, found_);
    }
}

void TreeCheck::compare_content(const FileEntry& entry, const FileStatus& status) {
    differs("xattrs", names_and_digest(entry.xattrs),
            names_and_digest(files_.read_xattrs(root_, entry.path)));
    switch (entry.type) {
        case EntryType::file: {
            const storage::FileDigest found =
                storage::digest_of(files_, files_.open_file(root_, entry.path));
            bytes_ += found.size;
            differs("size", std::to_string(entry.size), std::to_string(found.size));
            differs("sha256", entry.sha256.value_or(Digest()).hex(), found.sha256.hex());
            compare_link(entry, status);
            break;
        }
        case EntryType::symlink:
            differs("target", entry.target, files_.read_symlink(root_, entry.path));
            break;
        case EntryType::device:
            differs("device", device(entry.device), device(status.device));
            break;
        default:
            break;
    }
}

// Names outside of the tree don't count: only whether those in it belong together as they should.
void TreeCheck::compare_link(const FileEntry& entry, const FileStatus& status) {
    if (!entry.link.empty()) {
        const auto known = inode_of_group_.emplace(entry.link, status.inode).first;
        if (known->second != status.inode) {
            differs("hard link", "of group " + entry.link, "a file of its own");
            return;
        }
    }
    if (status.links > 1) {
        // A path without a group is a file of its own.
        const std::string group =
            entry.link.empty() ? std::string(1, '\0') + entry.path : entry.link;
        const auto known = group_of_inode_.emplace(status.inode, group).first;
        if (known->second != group) {
            differs("hard link", entry.link.empty() ? "none" : "of group " + entry.link,
                    "one file with another path");
        }
    }
}

}  // namespace farshore::verification
