#include "agent/primary/files/file_reader.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "protocol/limits.hpp"

namespace farshore::primary {

namespace {

// The coarsest clock tick of Linux (HZ = 100) is 10 ms.
constexpr Duration tick = Duration::from_ms(20);

bool is_absence(const Error& error) {
    return error.code() == ErrorCode::not_found || error.code() == ErrorCode::unsafe_path;
}

// By name, a link on the way or no such file are the same: nothing of the tree is there.
bool is_still(storage::FileSystem& files, const storage::Handle& root, std::string_view path,
              const storage::FileStatus& status) {
    try {
        const auto now = files.status(root, path);
        return now && *now == status;
    } catch (const Error& error) {
        if (is_absence(error)) {
            return false;
        }
        throw;
    }
}

}  // namespace

FileReading read_file(storage::FileSystem& files, const storage::Handle& root,
                      std::string_view path, const TakePiece& take) {
    FileReading reading;
    storage::Handle file;
    try {
        file = files.open_file(root, path);
    } catch (const Error& error) {
        if (!is_absence(error)) {
            throw;
        }
        reading.outcome = FileReading::Outcome::absent;
        return reading;
    }
    reading.status = files.status(file);
    Sha256 sha256;
    // Most files are small: no more is made ready than there is to read.
    const std::uint64_t most =
        std::clamp<std::uint64_t>(reading.status.size, 1, limits::payload_piece);
    std::string piece(most, '\0');
    bool ended_early = false;
    // A file that grows as fast as it is read has no end: its first size is where reading stops.
    while (reading.size < reading.status.size) {
        const std::size_t got = files.read_at(
            file, reading.size, std::as_writable_bytes(std::span(piece.data(), piece.size())));
        if (got == 0) {
            break;
        }
        const auto content = std::string_view(piece).substr(0, got);
        sha256.update(content);
        reading.size += got;
        if (!take(content)) {
            ended_early = true;
            break;
        }
    }
    reading.sha256 = sha256.finish();
    const bool whole = !ended_early && reading.size == reading.status.size;
    if (whole && files.status(file) == reading.status &&
        is_still(files, root, path, reading.status)) {
        reading.outcome = FileReading::Outcome::stable;
    }
    return reading;
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
