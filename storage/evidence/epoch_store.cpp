#include "storage/evidence/epoch_store.hpp"

#include "storage/objects/object_keys.hpp"

namespace farshore::storage {

OpenedEpoch seal_epoch(const EpochRecord& record, const SigningKey& key) {
    const std::string payload = to_payload(record);
    return {record, sha256(payload), make_key(EpochKey{record.stream, record.epoch}),
            seal_envelope(payload_type::epoch, payload, key)};
}

Result<OpenedEpoch> check_epoch(const TrustSet& trust, Epoch epoch, const std::string& envelope) {
    const Result<OpenedEnvelope> opened =
        open_envelope(envelope, payload_type::epoch, trust, std::nullopt, limits::mark_envelope);
    if (!opened) {
        return opened.error();
    }
    const Result<EpochRecord> record = parse_epoch_record(opened.value().payload);
    if (!record) {
        return record.error();
    }
    const EpochRecord& found = record.value();
    if (found.stream != trust.stream() || found.epoch != epoch) {
        return Error(ErrorCode::chain_broken, "epoch record: it is epoch " +
                                                  std::to_string(found.epoch.value()) +
                                                  " of stream " + found.stream.str());
    }
    // The agent that opens an epoch becomes its primary.
    if (opened.value().signer.agent != found.primary ||
        !opened.value().signer.is_valid_at(found.opened)) {
        return Error(ErrorCode::untrusted, "epoch record: not signed by a key of its primary " +
                                               found.primary.str() + " that is valid at " +
                                               to_rfc3339(found.opened));
    }
    return OpenedEpoch{found, opened.value().payload_digest(),
                       make_key(EpochKey{found.stream, found.epoch}), envelope};
}

Result<OpenedEpoch> read_epoch(ObjectStore& store, const TrustSet& trust, Epoch epoch) {
    const Result<std::string> envelope =
        store.get(make_key(EpochKey{trust.stream(), epoch}), limits::mark_envelope);
    if (!envelope) {
        return envelope.error();
    }
    return check_epoch(trust, epoch, envelope.value());
}

OpenedEpoch open_first_epoch(ObjectStore& store, const TrustSet& trust, const AgentName& agent,
                             const SigningKey& key, Timestamp now) {
    EpochRecord record;
    record.stream = trust.stream();
    record.epoch = Epoch(1);
    record.primary = agent;
    record.opened = now;
    record.reason = "first epoch of the stream";
    OpenedEpoch opened = seal_epoch(record, key);
    if (store.create(opened.key, opened.envelope) == ObjectStore::PutOutcome::different) {
        opened = read_epoch(store, trust, record.epoch).take();
    }
    if (opened.record.primary != agent) {
        throw Error(ErrorCode::fenced, "epoch 1 of stream " + record.stream.str() +
                                           " was opened by agent " + opened.record.primary.str());
    }
    return opened;
}

}  // namespace farshore::storage
