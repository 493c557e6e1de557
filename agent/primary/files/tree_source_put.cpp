// TreeSource: a file that is put into the tree.

#include <chrono>

#include "agent/primary/files/tree_source.hpp"

namespace farshore::primary {

namespace {

constexpr std::chrono::seconds longest_start{10};

}  // namespace

void TreeSource::wait_for_start() {
    std::unique_lock lock(start_mutex_);
    if (!start_over_.wait_for(lock, longest_start, [this] { return started_; })) {
        throw Error(ErrorCode::timeout, "tree " + name().str() + " is not ready yet");
    }
}

std::unique_ptr<PutFile> TreeSource::put(const PutTarget& target) {
    wait_for_start();
    if (!guard_.is_recognised()) {
        throw Error(ErrorCode::root_changed,
                    "the root of tree " + name().str() + " at " + guard_.path() + " is not there");
    }
    if (excluded_.excludes(target.path, false)) {
        throw Error(ErrorCode::unsafe_path,
                    "cannot put a file at " + target.path + ": the tree's config excludes it");
    }
    return std::make_unique<PutFile>(parts_.files, guard_.open().take(), target,
                                     parts_.random.number());
}

}  // namespace farshore::primary
