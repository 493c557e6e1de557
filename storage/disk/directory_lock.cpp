#include "storage/disk/directory_lock.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "storage/disk/state_paths.hpp"

namespace farshore::storage {

namespace {

std::string holder_in(FileSystem& files, const Handle& file) {
    std::array<char, 20> text{};
    const std::size_t length = files.read_at(file, 0, std::as_writable_bytes(std::span(text)));
    const auto end = std::find_if(text.begin(), text.begin() + length,
                                  [](char c) { return c < '0' || c > '9'; });
    return {text.begin(), end};
}

}  // namespace

DirectoryLock::DirectoryLock(FileSystem& files, const Handle& state_directory)
    : file_(files.open_append(state_directory, StatePaths::lock)) {
    if (!files.try_lock(file_)) {
        const std::string holder = holder_in(files, file_);
        throw Error(ErrorCode::state_locked,
                    "cannot use the state directory: " +
                        (holder.empty() ? "another agent" : "process " + holder) + " has it");
    }
    const std::string us = std::to_string(::getpid()) + "\n";
    files.truncate(file_, 0);
    files.write_at(file_, 0, std::as_bytes(std::span(us)));
}

}  // namespace farshore::storage
