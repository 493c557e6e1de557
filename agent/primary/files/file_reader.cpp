#include "agent/primary/files/file_reader.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string>

#include "protocol/limits.hpp"

namespace farshore::primary {

namespace {

// The coarsest clock tick of Linux (HZ = 100) is 10 ms.
constexpr Duration tick = Duration::from_ms(20);
// By which an append-only file is known again.
constexpr std::uint64_t last_bytes = 4096;

bool is_still(storage::FileSystem& files, const storage::Handle& root, std::string_view path,
              const storage::FileStatus& status) {
    try {
        const auto now = files.status(root, path);
        return now && *now == status;
    } catch (const Error& error) {
        if (storage::is_absence(error)) {
            return false;
        }
        throw;
    }
}

// nullopt: no file is there.
std::optional<storage::Handle> open_if_there(storage::FileSystem& files,
                                             const storage::Handle& root, std::string_view path) {
    try {
        return files.open_file(root, path);
    } catch (const Error& error) {
        if (!storage::is_absence(error)) {
            throw;
        }
        return std::nullopt;
    }
}

// From `offset` on, up to the size that the reading's status says: a file that grows as fast as it
// is read has no end. False when it was ended early, or the file became shorter.
template <typename Hash>
bool read_from(storage::FileSystem& files, const storage::Handle& file, std::uint64_t offset,
               Hash& sha256, FileReading& reading, const TakePiece& take) {
    // Most files are small: no more is made ready than there is to read.
    const std::uint64_t most =
        std::clamp<std::uint64_t>(reading.status.size, 1, limits::payload_piece);
    std::string piece(most, '\0');
    reading.size = offset;
    while (reading.size < reading.status.size) {
        const std::uint64_t left = reading.status.size - reading.size;
        const std::size_t got =
            files.read_at(file, reading.size,
                          std::as_writable_bytes(std::span(
                              piece.data(), std::min<std::uint64_t>(piece.size(), left))));
        if (got == 0) {
            return false;
        }
        const auto content = std::string_view(piece).substr(0, got);
        sha256.update(content);
        reading.size += got;
        if (!take(content)) {
            return false;
        }
    }
    return true;
}

std::string bytes_before(storage::FileSystem& files, const storage::Handle& file,
                         std::uint64_t end) {
    std::string bytes(std::min<std::uint64_t>(end, last_bytes), '\0');
    bytes.resize(files.read_at(file, end - bytes.size(),
                               std::as_writable_bytes(std::span(bytes.data(), bytes.size()))));
    return bytes;
}

// Only appended to since the reading began.
bool has_only_grown(storage::FileSystem& files, const storage::Handle& root, std::string_view path,
                    const storage::FileStatus& before) {
    try {
        const auto now = files.status(root, path);
        return now && now->type == EntryType::file && now->filesystem == before.filesystem &&
               now->inode == before.inode && now->size >= before.size;
    } catch (const Error& error) {
        if (storage::is_absence(error)) {
            return false;
        }
        throw;
    }
}

}  // namespace

FileReading read_file(storage::FileSystem& files, const storage::Handle& root,
                      std::string_view path, const TakePiece& take) {
    FileReading reading;
    const auto file = open_if_there(files, root, path);
    if (!file) {
        reading.outcome = FileReading::Outcome::absent;
        return reading;
    }
    reading.status = files.status(*file);
    Sha256 sha256;
    const bool whole = read_from(files, *file, 0, sha256, reading, take);
    reading.sha256 = sha256.finish();
    if (whole && files.status(*file) == reading.status &&
        is_still(files, root, path, reading.status)) {
        reading.outcome = FileReading::Outcome::stable;
    }
    return reading;
}

bool FileTail::fits(storage::FileSystem& files, const storage::Handle& file) const {
    const storage::FileStatus status = files.status(file);
    return status.filesystem == filesystem && status.inode == inode && status.size >= size &&
           bytes_before(files, file, size) == last;
}

FileReading read_appended(storage::FileSystem& files, const storage::Handle& root,
                          std::string_view path, std::optional<FileTail>& tail,
                          const std::function<void(std::uint64_t)>& begin, const TakePiece& take) {
    FileReading reading;
    const auto file = open_if_there(files, root, path);
    if (!file) {
        reading.outcome = FileReading::Outcome::absent;
        return reading;
    }
    const bool goes_on = tail && tail->fits(files, *file);
    RunningSha256 running = goes_on ? std::move(tail->running) : RunningSha256();
    const std::uint64_t from = goes_on ? tail->size : 0;
    tail.reset();
    reading.status = files.status(*file);
    begin(from);
    const bool whole = read_from(files, *file, from, running, reading, take);
    reading.sha256 = running.so_far();
    if (!whole || !has_only_grown(files, root, path, reading.status)) {
        return reading;
    }
    reading.outcome = is_still(files, root, path, reading.status) ? FileReading::Outcome::stable
                                                                  : FileReading::Outcome::moment;
    tail = FileTail{.filesystem = reading.status.filesystem,
                    .inode = reading.status.inode,
                    .size = reading.size,
                    .sha256 = reading.sha256,
                    .running = std::move(running),
                    .last = bytes_before(files, *file, reading.size)};
    return reading;
}

int equal_samples(storage::FileSystem& files, const storage::Handle& root, std::string_view one,
                  std::string_view other) {
    try {
        const auto first = open_if_there(files, root, one);
        const auto second = open_if_there(files, root, other);
        if (!first || !second) {
            return 0;
        }
        const std::uint64_t size = files.status(*first).size;
        if (files.status(*second).size != size) {
            return 0;
        }
        int equal = 0;
        for (int sample = 1; sample <= samples; ++sample) {
            // Evenly spaced, the last one at the end.
            const std::uint64_t end =
                std::max<std::uint64_t>(size / samples * static_cast<unsigned>(sample),
                                        std::min<std::uint64_t>(size, last_bytes));
            const std::uint64_t at = sample == samples ? size : end;
            equal += bytes_before(files, *first, at) == bytes_before(files, *second, at) ? 1 : 0;
        }
        return equal;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::io) {
            throw;
        }
        return 0;
    }
}

bool is_settled(const storage::FileStatus& status, Timestamp reading_began) {
    const std::int64_t limit = (reading_began.nanoseconds - tick.nanoseconds);
    const std::int64_t seconds = limit / 1'000'000'000;
    return FileTime{seconds, 0} > status.ctime ||
           (status.ctime.seconds == seconds &&
            status.ctime.nanoseconds < static_cast<std::uint32_t>(limit % 1'000'000'000));
}

storage::StatIdentity unsettled_identity(const storage::FileStatus& status) {
    storage::StatIdentity identity = storage::identity_of(status);
    identity.ctime = {std::numeric_limits<std::int64_t>::min(), 0};
    return identity;
}

}  // namespace farshore::primary
