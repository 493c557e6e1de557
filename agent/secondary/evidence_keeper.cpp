#include "agent/secondary/evidence_keeper.hpp"

namespace farshore::secondary {

namespace {

[[noreturn]] void throw_fork(const std::string& key) {
    throw Error(ErrorCode::chain_broken,
                "the primary sent another " + key + " than it had sent before: a fork");
}

}  // namespace

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
    const auto key = storage::parse_key(piece.key);
    if (!key) {
        throw Error(ErrorCode::malformed, "\"" + piece.key + "\" is not the key of an object");
    }
    if (is_ours(*key)) {
        throw Error(ErrorCode::malformed, piece.key + " is not the primary's to tell");
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

// Of another stream, or what only we write: it would stand in the place of what is still to come.
bool EvidenceKeeper::is_ours(const storage::ObjectKey& key) const {
    return std::visit(
        [this](const auto& of) {
            if constexpr (requires { of.chain; }) {
                return of.chain.stream != parts_.stream || of.chain.agent == parts_.agent;
            } else {
                return of.stream != parts_.stream;
            }
        },
        key);
}

void EvidenceKeeper::keep(const std::string& key, const std::string& bytes) {
    const auto parsed = storage::parse_key(key);
    const auto* epoch = std::get_if<storage::EpochKey>(&*parsed);
    std::optional<storage::OpenedEpoch> opened;
    if (epoch != nullptr) {
        opened = storage::check_epoch(parts_.trust, epoch->epoch, bytes).take();
    }
    // What is kept does not come again: queued before, or a crash between the two left it out.
    if (parts_.mirror) {
        queue(key, bytes);
    }
    if (parts_.kept.create(key, bytes) == storage::ObjectStore::PutOutcome::different) {
        throw_fork(key);
    }
    if (opened) {
        parts_.on_epoch(*opened);
    }
}

void EvidenceKeeper::queue(const std::string& key, const std::string& bytes) {
    const auto kept = parts_.kept.get(key, limits::evidence_object);
    if (kept && kept.value() != bytes) {
        throw_fork(key);
    }
    storage::Transaction transaction(database_);
    outbox_.enqueue(key, bytes, parts_.clock.utc_now());
    transaction.commit();
    parts_.on_queued();
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
