#pragma once
// Reads one file of a tree and says whether it held still meanwhile.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/digest.hpp"
#include "protocol/running_sha256.hpp"
#include "protocol/time.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/state/captured_entry.hpp"

namespace farshore::primary {

struct FileReading {
    enum class Outcome : std::uint8_t {
        stable,   // the whole content as of one moment, and that is how it still is
        moment,   // the whole content as of one moment; it has changed since
        changed,  // what was read may be a mixture
        absent,   // no file there
    };
    Outcome outcome = Outcome::changed;
    storage::FileStatus status;  // before the reading; the same after it when stable
    std::uint64_t size = 0;      // bytes read
    Digest sha256;               // of the bytes read
};

// Takes the content in order, limits::payload_piece at most each time; false ends the reading.
using TakePiece = std::function<bool(std::string_view)>;

// Status before, content, status after, by handle and by name: a file that was written, replaced
// or removed in between is never called stable. Throws io when it can't be read.
[[nodiscard]] FileReading read_file(storage::FileSystem& files, const storage::Handle& root,
                                    std::string_view path, const TakePiece& take);

// What was read of an append-only file, so that the next reading begins where it ended.
struct FileTail {
    std::uint64_t filesystem = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    Digest sha256;          // of so many bytes
    RunningSha256 running;  // the same, to go on with
    std::string last;       // the bytes before the end, to see that it is the same file

    // Whether `file` begins with what the tail says, by its status and its last bytes.
    [[nodiscard]] bool fits(storage::FileSystem& files, const storage::Handle& file) const;
};

// The same for a file that is only ever appended to: what it had when the reading began is its
// content as of that moment, also when it has grown meanwhile. Without a tail, or with one that
// does not fit, from the beginning; `begin` hears where. Afterwards the tail is that of what was
// read.
[[nodiscard]] FileReading read_appended(storage::FileSystem& files, const storage::Handle& root,
                                        std::string_view path, std::optional<FileTail>& tail,
                                        const std::function<void(std::uint64_t)>& begin,
                                        const TakePiece& take);

// How many of `samples` places hold the same in both files, which are of one size: all of them,
// and one may well be a copy of the other; none, and they have nothing in common. 0 when one of
// them can't be read.
constexpr int samples = 5;
[[nodiscard]] int equal_samples(storage::FileSystem& files, const storage::Handle& root,
                                std::string_view one, std::string_view other);

// The kernel's times move in ticks: a write within the tick of the last change it stamped leaves
// the times as they were. A status is settled when its ctime lay a tick back as reading began, so
// that any later write shows.
[[nodiscard]] bool is_settled(const storage::FileStatus& status, Timestamp reading_began);
// What to remember instead of a status that is not settled: equal to none, so that the next look
// reads again.
[[nodiscard]] storage::StatIdentity unsettled_identity(const storage::FileStatus& status);

}  // namespace farshore::primary
