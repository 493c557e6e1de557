#pragma once
// One step of the way from the outbox to the stores. When to take the next one, and after how long
// to try again, is the caller's matter.

#include <optional>
#include <span>
#include <string>

#include "storage/evidence/outbox.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::storage {

struct UploadReport {
    // The object that is now in all stores; none when nothing was queued.
    std::optional<OutboxItem> uploaded;
    bool was_there = false;  // with these bytes, from a try before
};

// Writes the oldest queued object to each of the stores, in their order, and takes it out of the
// queue. Throws what a store throws: the object stays queued. Throws Error(chain_broken) when a
// store holds other bytes under the key: somebody else writes this agent's chain, a fork.
[[nodiscard]] UploadReport upload_next(Outbox& outbox, std::span<ObjectStore* const> stores);

}  // namespace farshore::storage
