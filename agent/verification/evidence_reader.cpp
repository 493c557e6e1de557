#include "agent/verification/evidence_reader.hpp"

#include "storage/evidence/change_list.hpp"

namespace farshore::verification {

namespace {

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

template <typename Key>
Result<OpenedEnvelope> open_object(storage::ObjectStore& store, const TrustSet& trust,
                                   const Key& key, std::string_view type, std::uint64_t& bytes) {
    const Result<std::string> text = store.get(storage::make_key(key), limits::evidence_object);
    if (!text) {
        return text.error();
    }
    bytes = text.value().size();
    Result<OpenedEnvelope> opened = open_envelope(text.value(), type, trust);
    if (opened && opened.value().signer.agent != key.chain.agent) {
        return Error(ErrorCode::bad_signature, "signed by agent " +
                                                   opened.value().signer.agent.str() +
                                                   " instead of " + key.chain.agent.str());
    }
    return opened;
}

// nullopt when the payload stands where it says that it belongs.
template <typename Payload, typename Key>
std::optional<Error> check_place(const Payload& payload, const Key& key) {
    if (payload.stream == key.chain.stream && payload.epoch == key.chain.epoch &&
        payload.agent == key.chain.agent && payload.sequence == key.sequence) {
        return std::nullopt;
    }
    return Error(ErrorCode::chain_broken,
                 "says that it is number " + number(payload.sequence.value()) + " of agent " +
                     payload.agent.str() + " in epoch " + number(payload.epoch.value()) +
                     " of stream " + payload.stream.str());
}

}  // namespace

Result<ReadManifest> read_manifest(storage::ObjectStore& store, const TrustSet& trust,
                                   const storage::ManifestKey& key) {
    std::uint64_t bytes = 0;
    const Result<OpenedEnvelope> opened =
        open_object(store, trust, key, payload_type::manifest, bytes);
    if (!opened) {
        return opened.error();
    }
    Result<Manifest> manifest = parse_manifest(opened.value().payload);
    if (!manifest) {
        return manifest.error();
    }
    if (const std::optional<Error> error = check_place(manifest.value(), key)) {
        return *error;
    }
    return ReadManifest{std::move(manifest).take(), opened.value().payload_digest(),
                        opened.value().signer, bytes};
}

Result<ReadReceipt> read_receipt(storage::ObjectStore& store, const TrustSet& trust,
                                 const storage::ReceiptKey& key) {
    std::uint64_t bytes = 0;
    const Result<OpenedEnvelope> opened =
        open_object(store, trust, key, payload_type::receipt, bytes);
    if (!opened) {
        return opened.error();
    }
    Result<Receipt> receipt = parse_receipt(opened.value().payload);
    if (!receipt) {
        return receipt.error();
    }
    if (const std::optional<Error> error = check_place(receipt.value(), key)) {
        return *error;
    }
    return ReadReceipt{std::move(receipt).take(), opened.value().payload_digest(),
                       opened.value().signer, bytes};
}

Result<ReadMark> read_mark(const std::string& envelope, const TrustSet& trust,
                           const storage::ChainKey& chain) {
    const Result<OpenedEnvelope> opened =
        open_envelope(envelope, payload_type::mark, trust, std::nullopt, limits::mark_envelope);
    if (!opened) {
        return opened.error();
    }
    Result<Mark> mark = parse_mark(opened.value().payload);
    if (!mark) {
        return mark.error();
    }
    const TrustedKey& signer = opened.value().signer;
    if (signer.agent != chain.agent || !signer.is_valid_at(mark.value().time)) {
        return Error(ErrorCode::bad_signature, "mark " + number(mark.value().mark.value()) +
                                                   " is signed by agent " + signer.agent.str() +
                                                   ", or with a key that is not valid at " +
                                                   to_rfc3339(mark.value().time));
    }
    if (mark.value().stream != chain.stream || mark.value().epoch != chain.epoch ||
        mark.value().agent != chain.agent) {
        return Error(ErrorCode::chain_broken, "mark " + number(mark.value().mark.value()) +
                                                  " belongs to agent " + mark.value().agent.str() +
                                                  " in epoch " +
                                                  number(mark.value().epoch.value()) +
                                                  " of stream " + mark.value().stream.str());
    }
    return ReadMark{std::move(mark).take(), opened.value().payload_digest()};
}

ListOutcome read_list(storage::ObjectStore& store, const ManifestObject& object,
                      const std::function<void(const FileEntry&)>& each) {
    ListOutcome outcome;
    const auto found = [&](FindingKind kind, std::string expected, std::string what) {
        outcome.finding =
            Finding{kind, object.tree.str(), object.object, std::move(expected), std::move(what)};
        return outcome;
    };
    if (!storage::is_valid_object_key(object.object)) {
        return found(FindingKind::object_malformed, "a key of the store", object.object);
    }
    const Result<std::string> bytes = store.get(object.object, limits::evidence_object);
    if (!bytes) {
        return found(kind_of(bytes.error()), object.digest.prefixed(), bytes.error().message());
    }
    outcome.bytes = bytes.value().size();
    const Digest digest = sha256(bytes.value());
    if (digest != object.digest) {
        return found(FindingKind::object_altered, object.digest.prefixed(), digest.prefixed());
    }
    try {
        storage::ChangeListReader reader(bytes.value(), object.count);
        while (const std::optional<FileEntry> entry = reader.next()) {
            each(*entry);
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::malformed) {
            throw;
        }
        return found(FindingKind::object_malformed, number(object.count) + " sorted entries",
                     error.message());
    }
    return outcome;
}

FindingKind kind_of(const Error& error) {
    switch (error.code()) {
        case ErrorCode::not_found:
            return FindingKind::object_missing;
        case ErrorCode::bad_signature:
        case ErrorCode::untrusted:
            return FindingKind::bad_signature;
        case ErrorCode::chain_broken:
            return FindingKind::bad_order;
        default:
            return FindingKind::object_malformed;
    }
}

}  // namespace farshore::verification
