#include "agent/primary/files/content_scrub.hpp"

#include <algorithm>
#include <optional>

#include "agent/primary/files/file_reader.hpp"

namespace farshore::primary {

namespace {

// When there is nothing to read, or no root: looked at again after this.
constexpr Duration pause = Duration::from_ms(1'000);
// While a file is read it is held open, and its volume can't be unmounted: read slowly enough not
// to be in the way, and the rest of its share is rested when it is let go.
constexpr double bytes_per_second = 32.0 * 1024 * 1024;

std::optional<storage::CapturedEntry> next_file(storage::PrimaryState& state,
                                                const SourceName& tree, const std::string& after) {
    std::optional<storage::CapturedEntry> found;
    state.walk(tree, after, [&](const storage::CapturedEntry& row) {
        if (row.entry.type == EntryType::file) {
            found = row;
        }
        return !found;
    });
    return found;
}

}  // namespace

void ContentScrub::run(const runtime::StopToken& stop) {
    storage::PrimaryState state(parts_.state_file);
    std::string after;
    while (!stop.stop_requested()) {
        if (after.empty()) {
            totals_ = state.tree(parts_.tree).totals;
        }
        const auto row = next_file(state, parts_.tree, after);
        if (!row) {
            after.clear();
            (void)parts_.sleeper.sleep(pause, stop);
            continue;
        }
        after = row->entry.path;
        rested_ = 0;
        try {
            check(*row, stop);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::io) {
                throw;
            }
            // The scan refuses and names what can't be read.
        }
        rest(share_of(row->entry) - rested_, stop);
    }
}

void ContentScrub::check(const storage::CapturedEntry& row, const runtime::StopToken& stop) {
    const Result<storage::Handle> root =
        parts_.guard.is_recognised()
            ? parts_.guard.open()
            : Result<storage::Handle>(Error(ErrorCode::root_changed, "not recognised yet"));
    if (!root.ok()) {
        return;
    }
    const FileReading reading =
        read_file(parts_.files, root.value(), row.entry.path, [&](std::string_view piece) {
            const double seconds = static_cast<double>(piece.size()) / bytes_per_second;
            rest(std::min(share_of(piece.size()), seconds * 1e9), stop);
            return !stop.stop_requested();
        });
    if (reading.outcome == FileReading::Outcome::stable &&
        storage::identity_of(reading.status) == row.identity &&
        reading.sha256 != row.entry.sha256) {
        parts_.on_difference(row.entry.path);
    }
}

void ContentScrub::rest(double nanoseconds, const runtime::StopToken& stop) {
    rested_ += nanoseconds;
    // A file that grew since the round began may have used up more than its share.
    (void)parts_.sleeper.sleep(Duration{static_cast<std::int64_t>(std::max(nanoseconds, 0.0))},
                               stop);
}

// Half of the interval goes by entries, half by bytes.
double ContentScrub::share_of(std::uint64_t bytes) const {
    const auto all = static_cast<double>(std::max<std::uint64_t>(totals_.bytes, 1));
    return static_cast<double>(parts_.interval.nanoseconds) / 2 * static_cast<double>(bytes) / all;
}

double ContentScrub::share_of(const FileEntry& entry) const {
    const auto all = static_cast<double>(std::max<std::uint64_t>(totals_.entries, 1));
    return static_cast<double>(parts_.interval.nanoseconds) / 2 / all + share_of(entry.size);
}

}  // namespace farshore::primary
