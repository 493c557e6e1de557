#include "storage/evidence/uploader.hpp"

namespace farshore::storage {

UploadReport upload_next(Outbox& outbox, std::span<ObjectStore* const> stores) {
    UploadReport report;
    std::optional<OutboxItem> item = outbox.next();
    if (!item) {
        return report;
    }
    report.was_there = true;
    for (ObjectStore* const store : stores) {
        const ObjectStore::PutOutcome outcome = store->create(item->key, item->bytes);
        if (outcome == ObjectStore::PutOutcome::different) {
            throw Error(ErrorCode::chain_broken, store->name() + " holds " + item->key +
                                                     " with other bytes: a fork of the evidence");
        }
        report.was_there = report.was_there && outcome == ObjectStore::PutOutcome::same;
    }
    outbox.done(*item);
    report.uploaded = std::move(item);
    return report;
}

}  // namespace farshore::storage
