#include "agent/secondary/files/staging.hpp"

#include <cstring>

#include "protocol/limits.hpp"
#include "storage/disk/file_digest.hpp"
#include "storage/disk/tree_marker.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::secondary {

namespace tree_paths = storage::tree_paths;

namespace {

// Content is pushed before the cut that needs it is told; that cut is one of the next few.
constexpr std::uint64_t kept_generations = 3;

[[noreturn]] void throw_wrong_content(const Digest& expected, const Digest& found) {
    throw Error(ErrorCode::bad_checksum, "content " + expected.hex() + " came as " + found.hex());
}

}  // namespace

std::size_t Staging::DigestHash::operator()(const Digest& digest) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.bytes.data(), sizeof(hash));  // it is one already
    return hash;
}

Staging::Staging(storage::FileSystem& files, const storage::Handle& root, const Needed& needed,
                 bool is_same_boot)
    : files_(files), root_(root), begun_(files, root) {
    prepare_directory();
    recover(needed, is_same_boot);
}

void Staging::prepare_directory() {
    storage::make_our_directory(files_, root_);
    if (!files_.status(root_, tree_paths::staging)) {
        files_.make_directory(root_, tree_paths::staging, 0700);
    }
    directory_ =
        std::make_shared<const storage::Handle>(files_.open_directory(root_, tree_paths::staging));
}

void Staging::recover(const Needed& needed, bool is_same_boot) {
    for (const storage::DirectoryItem& item : files_.list(*directory_)) {
        if (const auto path = tree_paths::parse_begun(item.name)) {
            begun_.found(*path);
            continue;
        }
        const auto sha256 = tree_paths::parse_staged(item.name);
        if (sha256 && needed(*sha256) && is_whole(*sha256, is_same_boot)) {
            note_arrival(*sha256);
        } else {
            files_.unlink(*directory_, item.name);
        }
    }
}

// A small file is written under its staged name at once, so a process may have ended within it;
// larger ones get theirs when they are whole. But where the host went down before a sync, the name
// may be on the disk without the content.
bool Staging::is_whole(const Digest& sha256, bool is_same_boot) {
    const storage::Handle file = files_.open_file(*directory_, tree_paths::staged_name(sha256));
    const bool got_its_name_whole = is_same_boot && files_.status(file).size > limits::small_file;
    return got_its_name_whole || storage::digest_of(files_, file).sha256 == sha256;
}

void Staging::note_arrival(const Digest& sha256) {
    staged_.emplace(sha256, generation_);
    arrivals_.push_back({generation_, sha256});
}

// --- in

// Somebody means a content that is here already to be used soon. The mutex is held.
bool Staging::refresh(const Digest& sha256) {
    const auto found = staged_.find(sha256);
    if (found == staged_.end()) {
        return false;
    }
    if (found->second != generation_) {
        found->second = generation_;
        arrivals_.push_back({generation_, sha256});
    }
    return true;
}

// The content under `name` is whole and right.
void Staging::adopt(const std::string& name, const Digest& sha256) {
    const std::lock_guard lock(mutex_);
    if (refresh(sha256)) {
        files_.unlink(root_, name);
        return;
    }
    files_.rename(root_, name, root_, tree_paths::staged(sha256));
    writing_.erase(sha256);  // what a lane writes under this name just now is replaced
    note_arrival(sha256);
}

void Staging::put_whole(const Digest& sha256, std::string_view content) {
    if (const Digest found = farshore::sha256(content); found != sha256) {
        throw_wrong_content(sha256, found);
    }
    std::shared_ptr<const storage::Handle> directory;
    {
        const std::lock_guard lock(mutex_);
        // Where another lane writes the same just now and fails, the cut asks for it again.
        if (refresh(sha256) || !writing_.insert(sha256).second) {
            return;
        }
        directory = directory_;
    }
    const std::string name = tree_paths::staged_name(sha256);
    try {
        write_small(*directory, name, content);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::already_exists) {
            put_beside(sha256, content);
            return;
        }
        const std::lock_guard lock(mutex_);
        if (writing_.erase(sha256) > 0) {
            files_.unlink(*directory, name);
        }
        throw;
    }
    const std::lock_guard lock(mutex_);
    if (writing_.erase(sha256) > 0) {
        note_arrival(sha256);
    }
}

// Somebody has been in our directory: its name is taken.
void Staging::put_beside(const Digest& sha256, std::string_view content) {
    const std::string name = unfinished_name();
    try {
        write_small(root_, name, content);
    } catch (...) {
        const std::lock_guard lock(mutex_);
        writing_.erase(sha256);
        files_.unlink(root_, name);
        throw;
    }
    adopt(name, sha256);
}

void Staging::write_small(const storage::Handle& at, std::string_view name,
                          std::string_view content) {
    const storage::Handle file = files_.create_file(at, name);
    storage::write_with_holes(files_, file, 0, std::as_bytes(std::span(content)));
    if (content.empty() || content.back() == '\0') {
        files_.truncate(file, content.size());  // a hole at the end is not written
    }
}

struct Staging::Transfer::Hash {
    Sha256 running;
    std::optional<Digest> found;  // at the end; a second attempt of it finds it here
};

Staging::Transfer::Transfer(Staging& staging, const std::string& path, bool go_on)
    : staging_(staging), path_(farshore::sha256(path)), hash_(std::make_unique<Hash>()) {
    claimed_ = staging_.begun_.claim(path_, go_on);
    name_ = claimed_ ? tree_paths::begun(path_) : staging_.unfinished_name();
    try {
        file_ = claimed_ ? staging_.files_.open_append(staging_.root_, name_)
                         : staging_.files_.create_file(staging_.root_, name_);
        found_ = staging_.files_.status(file_).size;
    } catch (...) {
        drop();
        throw;
    }
}

Staging::Transfer::~Transfer() {
    if (name_.empty()) {
        return;
    }
    if (claimed_ && size_ + found_ > 0) {
        staging_.begun_.keep(path_);
    } else {
        drop();
    }
}

void Staging::Transfer::drop() {
    if (claimed_) {
        staging_.begun_.drop(path_);
    } else {
        try {
            staging_.files_.unlink(staging_.root_, name_);
        } catch (const Error&) {
            // The next start removes it.
        }
    }
    name_.clear();
}

void Staging::Transfer::write(std::string_view piece) {
    const auto bytes = std::as_bytes(std::span(piece));
    if (size_ < found_) {
        staging_.files_.write_at(file_, size_, bytes);  // a hole would show what was there
    } else {
        storage::write_with_holes(staging_.files_, file_, size_, bytes);
    }
}

void Staging::Transfer::data(std::string_view piece) {
    write(piece);
    data_in_place(piece);
}

void Staging::Transfer::data_in_place(std::string_view piece) {
    hash_->running.update(piece);
    size_ += piece.size();
}

void Staging::Transfer::end(std::uint64_t size, const Digest& sha256) {
    staging_.files_.truncate(file_, size_);
    if (!hash_->found) {
        hash_->found = hash_->running.finish();
    }
    const Digest found = *hash_->found;
    if (found != sha256 || size != size_ || staging_.files_.status(file_).size != size) {
        drop();
        throw_wrong_content(sha256, found);
    }
    staging_.adopt(name_, sha256);
    name_.clear();
    if (claimed_) {
        staging_.begun_.taken(path_);
    }
}

std::unique_ptr<Staging::Transfer> Staging::begin(const std::string& path,
                                                  std::uint64_t expected_size, bool go_on) {
    std::unique_ptr<Transfer> transfer(new Transfer(*this, path, go_on));
    const auto is_full = [&] {
        const std::uint64_t free = files_.free_bytes(root_);
        return expected_size > free && expected_size - free > transfer->found();
    };
    if (is_full() && begun_.drop_idle() && !is_full()) {
        return transfer;
    }
    if (is_full()) {
        throw Error(ErrorCode::disk_full, "cannot stage a file of " +
                                              std::to_string(expected_size) +
                                              " bytes: there is no room for it");
    }
    return transfer;
}

void Staging::distrust_recipe(const Digest& sha256) {
    constexpr std::size_t most = 1'000;
    const std::lock_guard lock(mutex_);
    if (distrusted_.size() >= most) {
        distrusted_.clear();
    }
    distrusted_.insert(sha256);
}

bool Staging::trusts_recipe(const Digest& sha256) const {
    const std::lock_guard lock(mutex_);
    return !distrusted_.contains(sha256);
}

bool Staging::stage_copy(std::string_view path, const Digest& sha256) {
    const std::string name = copy_from(path, sha256);
    if (!name.empty()) {
        adopt(name, sha256);
    }
    return !name.empty();
}

bool Staging::stage_link(std::string_view path, const Digest& sha256) {
    const std::string name = unfinished_name();
    try {
        files_.link(root_, path, root_, name);
    } catch (const Error& error) {
        // Gone, behind a link, on another filesystem, too many links: not to be had this way.
        if (error.code() == ErrorCode::not_found || error.code() == ErrorCode::unsafe_path ||
            error.code() == ErrorCode::io) {
            return false;
        }
        throw;
    }
    adopt(name, sha256);
    return true;
}

bool Staging::has(const Digest& sha256) const {
    const std::lock_guard lock(mutex_);
    return staged_.contains(sha256);
}

std::size_t Staging::count() const {
    const std::lock_guard lock(mutex_);
    return staged_.size();
}

// --- out

void Staging::drop(const Digest& sha256) {
    const std::lock_guard lock(mutex_);
    if (staged_.erase(sha256) > 0) {
        files_.unlink(root_, tree_paths::staged(sha256));
    }
}

Staging::Take Staging::take(const Digest& sha256, const Keep& keep,
                            const std::function<void(const std::string&)>& move) {
    const std::lock_guard lock(mutex_);
    if (!staged_.contains(sha256)) {
        return Take::absent;
    }
    const std::string name = tree_paths::staged(sha256);
    const auto status = files_.status(*directory_, tree_paths::staged_name(sha256));
    if (!status) {
        staged_.erase(sha256);  // somebody has been in our directory
        return Take::absent;
    }
    if (keep(name, *status)) {
        return Take::kept;
    }
    move(name);
    staged_.erase(sha256);
    return Take::taken;
}

std::string Staging::copy(const Digest& sha256) {
    std::string name = copy_from(tree_paths::staged(sha256), sha256);
    if (name.empty()) {
        drop(sha256);
        throw Error(ErrorCode::bad_checksum,
                    "the staged content " + sha256.hex() + " is not what came");
    }
    return name;
}

std::string Staging::copy_from(std::string_view path, const Digest& sha256) {
    std::string name = unfinished_name();
    try {
        const storage::Handle from = files_.open_file(root_, path);
        const storage::Handle to = files_.create_file(root_, name);
        if (storage::copy_content(files_, from, to).sha256 == sha256) {
            return name;
        }
    } catch (const Error& error) {
        files_.unlink(root_, name);
        if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unsafe_path) {
            throw;
        }
        return {};
    }
    files_.unlink(root_, name);
    return {};
}

std::string Staging::unfinished_name() {
    return tree_paths::unfinished(next_number_++);
}

// --- durability and order

void Staging::sync() {
    if (restore_directory()) {
        // The session ends by it: the cut is told again, and asks for it.
        throw Error(ErrorCode::not_found,
                    "the staging directory was removed, and what had come with it");
    }
    files_.sync_filesystem(root_);
}

// Who removed our directory took what was staged with it: that is not to be had from one which has
// no name any more. A lane may still be writing there.
bool Staging::restore_directory() {
    const std::lock_guard lock(mutex_);
    const auto status = files_.status(root_, tree_paths::staging);
    if (status && status->inode == files_.status(*directory_).inode) {
        return false;
    }
    staged_.clear();
    arrivals_.clear();
    prepare_directory();
    return true;
}

void Staging::begin_cut() {
    const std::lock_guard lock(mutex_);
    ++generation_;
}

void Staging::release_unneeded(const Needed& needed) {
    const std::lock_guard lock(mutex_);
    while (!arrivals_.empty() && arrivals_.front().generation + kept_generations <= generation_) {
        const Arrival arrival = arrivals_.front();
        arrivals_.pop_front();
        const auto found = staged_.find(arrival.sha256);
        if (found == staged_.end() || found->second != arrival.generation) {
            continue;  // used, and perhaps come again
        }
        if (needed(arrival.sha256)) {
            found->second = generation_;
            arrivals_.push_back({generation_, arrival.sha256});
        } else {
            files_.unlink(root_, tree_paths::staged(arrival.sha256));
            staged_.erase(found);
        }
    }
}

}  // namespace farshore::secondary
