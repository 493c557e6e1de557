#include "storage/objects/directory_store.hpp"

#include <algorithm>

#include "storage/objects/unfinished_name.hpp"

namespace farshore::storage {

namespace {

constexpr std::uint32_t directory_mode = 0750;
constexpr std::uint32_t object_mode = 0640;
constexpr std::size_t piece_bytes = 1024UL * 1024;
// More unfinished files of the same content than this can't come from crashes.
constexpr int most_attempts = 10'000;

std::span<const std::byte> as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

// None for what 64 bits of nanoseconds don't hold: somebody set it so.
std::optional<Timestamp> timestamp_of(const FileTime& time) {
    Timestamp stamp;
    if (__builtin_mul_overflow(time.seconds, 1'000'000'000, &stamp.nanoseconds) ||
        __builtin_add_overflow(stamp.nanoseconds, time.nanoseconds, &stamp.nanoseconds)) {
        return std::nullopt;
    }
    return stamp;
}

struct SplitKey {
    std::string_view parents;  // "" or "a/b"
    std::string_view name;
};

SplitKey split_key(std::string_view key) {
    const std::size_t slash = key.rfind('/');
    if (slash == std::string_view::npos) {
        return {"", key};
    }
    return {key.substr(0, slash), key.substr(slash + 1)};
}

}  // namespace

DirectoryStore::DirectoryStore(FileSystem& file_system, std::string path)
    : file_system_(file_system), path_(std::move(path)) {
    while (path_.size() > 1 && path_.ends_with('/')) {
        path_.pop_back();
    }
}

std::string DirectoryStore::name() const {
    return "file:" + path_;
}

// With the dot the last component may be a symbolic link: it is the operator's, not a peer's.
Handle DirectoryStore::open_root() const {
    try {
        return file_system_.open_root(path_ + "/.");
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) {
            throw Error(error.code(), "the store " + name() + ": " + error.message());
        }
        throw Error(ErrorCode::store_refused,
                    "the store " + name() + (is_there() ? " is no directory" : " does not exist"));
    }
}

// Something that is no directory.
bool DirectoryStore::is_there() const {
    const std::size_t slash = path_.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path_.substr(0, slash + 1) + ".";
    try {
        return file_system_.status(file_system_.open_root(parent), path_.substr(slash + 1))
            .has_value();
    } catch (const Error&) {
        return false;
    }
}

Handle DirectoryStore::make_root() const {
    try {
        return open_root();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::store_refused) {
            throw;
        }
    }
    const std::size_t slash = path_.rfind('/');
    const std::string parent_path =
        slash == std::string::npos ? "." : path_.substr(0, slash + 1) + ".";
    try {
        const Handle parent = file_system_.open_root(parent_path);
        file_system_.make_directory(parent, std::string_view(path_).substr(slash + 1),
                                    directory_mode);
        file_system_.sync_file(parent);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) {
            throw Error(ErrorCode::store_refused,
                        "cannot make the store " + name() + ": its parent does not exist");
        }
        if (error.code() != ErrorCode::already_exists) {
            throw;
        }
    }
    return open_root();
}

bool DirectoryStore::is_synced(std::string_view parents) {
    const std::lock_guard lock(mutex_);
    return synced_.contains(parents);
}

// Opens "a/b" below the root, makes what is missing, and sees to it that all of it lasts: also what
// another agent made a moment ago and has not synced yet.
Handle DirectoryStore::make_parents(const Handle& root, std::string_view parents) {
    if (is_synced(parents)) {
        try {
            return file_system_.open_directory(root, parents.empty() ? "." : parents);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_found) {
                throw;
            }
            // Somebody removed it since: it is made anew.
        }
    }
    Handle at = file_system_.open_directory(root, ".");
    std::string_view rest = parents;
    while (!rest.empty()) {
        const std::size_t slash = rest.find('/');
        const std::string_view component = rest.substr(0, slash);
        rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
        if (!file_system_.status(at, component)) {
            try {
                file_system_.make_directory(at, component, directory_mode);
            } catch (const Error& error) {
                if (error.code() != ErrorCode::already_exists) {
                    throw;
                }
            }
        }
        file_system_.sync_file(at);
        at = file_system_.open_directory(at, component);
    }
    const std::lock_guard lock(mutex_);
    synced_.emplace(parents);
    return at;
}

// A new file with these bytes, synced; returns its name.
std::string DirectoryStore::write_unfinished(const Handle& directory, std::string_view bytes) {
    const Digest digest = sha256(bytes);
    for (int i = 0; i < most_attempts; ++i) {
        std::string name = make_unfinished_name(digest, attempts_++);
        try {
            const Handle file = file_system_.create_file(directory, name);
            file_system_.write_at(file, 0, as_bytes(bytes));
            file_system_.set_mode(directory, name, object_mode);
            file_system_.sync_file(file);
            return name;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::already_exists) {
                continue;
            }
            if (error.code() != ErrorCode::sync_failed) {
                file_system_.unlink(directory, name);  // a full disk gets its room back
            }
            throw;
        }
    }
    throw Error(ErrorCode::io, "too many unfinished files in the store " + this->name());
}

ObjectStore::PutOutcome DirectoryStore::compare(const Handle& directory, std::string_view name,
                                                std::string_view bytes) const {
    const Handle file = file_system_.open_file(directory, name);
    if (file_system_.status(file).size != bytes.size()) {
        return PutOutcome::different;
    }
    std::string piece(std::min(piece_bytes, bytes.size()), '\0');
    std::size_t offset = 0;
    while (offset < bytes.size()) {
        const std::size_t count =
            file_system_.read_at(file, offset, std::as_writable_bytes(std::span(piece)));
        if (count == 0 || bytes.substr(offset, count) != std::string_view(piece).substr(0, count)) {
            return PutOutcome::different;
        }
        offset += count;
    }
    return PutOutcome::same;
}

ObjectStore::PutOutcome DirectoryStore::create(const std::string& key, std::string_view bytes) {
    require_valid_object_key(key);
    const SplitKey split = split_key(key);
    const Handle root = make_root();
    const Handle directory = make_parents(root, split.parents);
    if (file_system_.status(directory, split.name)) {
        const PutOutcome outcome = compare(directory, split.name, bytes);
        file_system_.sync_file(directory);  // whoever linked it may not have come to that yet
        return outcome;
    }
    const std::string unfinished = write_unfinished(directory, bytes);
    bool linked = true;
    try {
        file_system_.link(directory, unfinished, directory, split.name);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::already_exists) {
            file_system_.unlink(directory, unfinished);
            throw;
        }
        linked = false;
    }
    file_system_.unlink(directory, unfinished);
    file_system_.sync_file(directory);
    const PutOutcome outcome = compare(directory, split.name, bytes);
    return linked && outcome == PutOutcome::same ? PutOutcome::created : outcome;
}

Result<std::string> DirectoryStore::get(const std::string& key, std::size_t limit_bytes) {
    require_valid_object_key(key);
    const Handle root = open_root();
    const auto status = file_system_.status(root, key);
    if (!status) {
        return Error(ErrorCode::not_found, name() + " has no object " + key);
    }
    if (status->size > limit_bytes) {
        return Error(ErrorCode::too_large,
                     key + " has more than " + std::to_string(limit_bytes) + " bytes");
    }
    const Handle file = file_system_.open_file(root, key);
    // One byte more than it should have: an object that grows was not made by create().
    std::string bytes(static_cast<std::size_t>(status->size) + 1, '\0');
    bytes.resize(file_system_.read_at(file, 0, std::as_writable_bytes(std::span(bytes))));
    if (bytes.size() != status->size) {
        throw Error(ErrorCode::io,
                    "cannot read " + key + " of " + name() + ": its size changes while it is read");
    }
    return bytes;
}

void DirectoryStore::list_below(const Handle& directory, const std::string& path,
                                std::string_view prefix, std::vector<StoredObject>& found) const {
    for (const DirectoryItem& item : file_system_.list(directory)) {
        if (is_unfinished_name(item.name)) {
            continue;
        }
        const std::string key = path + item.name;
        const bool within = key.starts_with(prefix);
        if (!within && !prefix.starts_with(key)) {
            continue;
        }
        const auto status = file_system_.status(directory, item.name);
        if (!status) {
            continue;  // gone since
        }
        if (status->type == EntryType::directory) {
            list_below(file_system_.open_directory(directory, item.name), key + "/", prefix, found);
        } else if (within && status->type == EntryType::file) {
            found.push_back({key, timestamp_of(status->mtime)});
        }
    }
}

std::vector<std::string> DirectoryStore::list(const std::string& prefix) {
    std::vector<std::string> keys;
    for (StoredObject& object : list_stored(prefix)) {
        keys.push_back(std::move(object.key));
    }
    return keys;
}

std::vector<StoredObject> DirectoryStore::list_stored(const std::string& prefix) {
    std::vector<StoredObject> found;
    list_below(open_root(), "", prefix, found);
    std::sort(found.begin(), found.end(),
              [](const StoredObject& a, const StoredObject& b) { return a.key < b.key; });
    return found;
}

void DirectoryStore::check() {
    const Handle root = make_root();
    static_cast<void>(file_system_.list(root));
    static_cast<void>(file_system_.unlink(root, write_unfinished(root, "")));
}

}  // namespace farshore::storage
