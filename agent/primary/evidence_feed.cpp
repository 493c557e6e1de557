#include "agent/primary/evidence_feed.hpp"

#include <charconv>

#include "agent/runtime/sleeper.hpp"
#include "protocol/envelope.hpp"
#include "protocol/manifest.hpp"

namespace farshore::primary {

namespace {

constexpr Duration next_interval = Duration::from_ms(500);

}  // namespace

Sequence parse_held(std::string_view answer) {
    std::uint64_t number = 0;
    const char* const end = answer.data() + answer.size();
    const auto [read, error] = std::from_chars(answer.data(), end, number);
    if (error != std::errc() || read != end) {
        throw Error(ErrorCode::malformed, "the secondary does not say which manifest it holds");
    }
    return Sequence(number);
}

EvidenceFeed::EvidenceFeed(storage::ObjectStore& kept, storage::ChainKey chain, Send send)
    : kept_(kept), chain_(std::move(chain)), send_(std::move(send)) {}

void EvidenceFeed::run(Sequence held, const runtime::StopToken& stop) {
    runtime::SystemSleeper sleeper;
    send_object(storage::make_key(storage::EpochKey{chain_.stream, chain_.epoch}));
    while (!stop.stop_requested()) {
        if (send_next(held.next())) {
            held = held.next();
            continue;
        }
        (void)sleeper.sleep(next_interval, stop);
    }
}

bool EvidenceFeed::send_next(Sequence next) {
    const std::string key = storage::make_key(storage::ManifestKey{chain_, next});
    const auto bytes = kept_.get(key, limits::evidence_object);
    if (!bytes) {
        return false;
    }
    const std::string payload = read_envelope_payload(bytes.value(), payload_type::manifest).take();
    const Manifest manifest = parse_manifest(payload).take();
    for (const ManifestObject& object : manifest.changes) {
        send_object(object.object);
    }
    for (const ManifestObject& object : manifest.checkpoints) {
        send_object(object.object);
    }
    send_(key, bytes.value());
    return true;
}

void EvidenceFeed::send_object(const std::string& key) {
    send_(key, kept_.get(key, limits::evidence_object).take());
}

}  // namespace farshore::primary
