#include "agent/secondary/files/begun_contents.hpp"

#include <algorithm>

#include "protocol/limits.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::secondary {

void BegunContents::found(const Digest& path) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(path);
    while (idle_.size() > limits::begun_contents) {
        remove(idle_.front());
        idle_.pop_front();
    }
}

void BegunContents::remove(const Digest& path) {
    try {
        files_.unlink(root_, storage::tree_paths::begun(path));
    } catch (const Error&) {
        // It is found again by the next start.
    }
}

bool BegunContents::claim(const Digest& path, bool go_on) {
    const std::lock_guard lock(mutex_);
    if (!claimed_.insert(path).second) {
        return false;
    }
    if (std::erase(idle_, path) > 0 && !go_on) {
        remove(path);
    }
    return true;
}

void BegunContents::keep(const Digest& path) {
    {
        const std::lock_guard lock(mutex_);
        claimed_.erase(path);
    }
    found(path);
}

void BegunContents::drop(const Digest& path) {
    const std::lock_guard lock(mutex_);
    claimed_.erase(path);
    remove(path);
}

void BegunContents::taken(const Digest& path) {
    const std::lock_guard lock(mutex_);
    claimed_.erase(path);
}

bool BegunContents::has(const Digest& path) const {
    const std::lock_guard lock(mutex_);
    return std::find(idle_.begin(), idle_.end(), path) != idle_.end();
}

std::vector<Digest> BegunContents::idle() const {
    const std::lock_guard lock(mutex_);
    return {idle_.begin(), idle_.end()};
}

bool BegunContents::drop_idle() {
    const std::lock_guard lock(mutex_);
    for (const Digest& path : idle_) {
        remove(path);
    }
    const bool any = !idle_.empty();
    idle_.clear();
    return any;
}

}  // namespace farshore::secondary
