#include "agent/session/attestation.hpp"

#include <algorithm>

namespace farshore::session {

namespace {

constexpr Duration shortest_patience = Duration::from_ms(5'000);
constexpr Duration longest_interval = Duration::from_ms(600'000);
constexpr std::int64_t share = 8;

Duration waited(const UploadFigures& uploads, Timestamp now) {
    return uploads.oldest_queued ? now - *uploads.oldest_queued : Duration{};
}

}  // namespace

std::optional<Timestamp> not_attested_since(const UploadFigures& uploads, Duration upload_interval,
                                            Timestamp now) {
    const Duration patience =
        std::max(Duration{3 * upload_interval.nanoseconds}, shortest_patience);
    if (waited(uploads, now) <= patience) {
        return std::nullopt;
    }
    // What the oldest one tells of began when the one before it was made.
    return uploads.attested ? std::min(*uploads.attested, *uploads.oldest_queued)
                            : *uploads.oldest_queued;
}

Duration record_interval(const UploadFigures& uploads, Duration upload_interval, Timestamp now) {
    const Duration longest = std::max(upload_interval, longest_interval);
    return std::clamp(Duration{waited(uploads, now).nanoseconds / share}, upload_interval, longest);
}

}  // namespace farshore::session
