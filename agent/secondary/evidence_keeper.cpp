#include "agent/secondary/evidence_keeper.hpp"

namespace farshore::secondary {

EvidenceKeeper::EvidenceKeeper(Parts parts)
    : parts_(std::move(parts)), database_(parts_.state_file), outbox_(database_) {}

void EvidenceKeeper::restore(const StreamName& stream, Epoch epoch) {
    const auto envelope =
        parts_.kept.get(storage::make_key(storage::EpochKey{stream, epoch}), limits::mark_envelope);
    if (!envelope) {
        return;
    }
    const auto opened = storage::check_epoch(parts_.trust, epoch, envelope.value());
    if (opened) {
        parts_.on_epoch(opened.value());
    }
}

void EvidenceKeeper::begin_session() {
    const std::lock_guard lock(mutex_);
    key_.clear();
    bytes_.clear();
}

void EvidenceKeeper::take(const EvidenceObject& piece) {
    const std::lock_guard lock(mutex_);
    if (!storage::parse_key(piece.key)) {
        throw Error(ErrorCode::malformed, "\"" + piece.key + "\" is not the key of an object");
    }
    const bool goes_on = key_ == piece.key && bytes_.size() == piece.offset;
    if (!goes_on && piece.offset != 0) {
        throw Error(ErrorCode::malformed, "a piece of " + piece.key + " is missing");
    }
    if (!goes_on || piece.offset == 0) {
        key_ = piece.key;
        bytes_.clear();
    }
    if (bytes_.size() + piece.bytes.size() > limits::evidence_object) {
        throw Error(ErrorCode::too_large, piece.key + " is larger than an object may be");
    }
    bytes_ += piece.bytes;
    if (piece.last) {
        keep(key_, bytes_);
        key_.clear();
        bytes_ = std::string();
    }
}

void EvidenceKeeper::keep(const std::string& key, const std::string& bytes) {
    if (parts_.kept.create(key, bytes) == storage::ObjectStore::PutOutcome::different) {
        throw Error(ErrorCode::chain_broken,
                    "the primary sent another " + key + " than it had sent before: a fork");
    }
    const auto parsed = storage::parse_key(key);
    if (const auto* epoch = std::get_if<storage::EpochKey>(&*parsed)) {
        parts_.on_epoch(storage::check_epoch(parts_.trust, epoch->epoch, bytes).take());
    }
    if (parts_.mirror) {
        storage::Transaction transaction(database_);
        outbox_.enqueue(key, bytes, parts_.clock.utc_now());
        transaction.commit();
        parts_.on_queued();
    }
}

Sequence EvidenceKeeper::held(const storage::ChainKey& chain) const {
    // Manifests are kept in their order, so the last of the listing is the last without a gap.
    const std::vector<std::string> keys = parts_.kept.list(storage::manifests_prefix(chain));
    if (keys.empty()) {
        return {};
    }
    const auto last = storage::parse_key(keys.back());
    const auto* manifest = last ? std::get_if<storage::ManifestKey>(&*last) : nullptr;
    return manifest == nullptr ? Sequence() : manifest->sequence;
}

}  // namespace farshore::secondary
