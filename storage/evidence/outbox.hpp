#pragma once
// What waits to be written to the store: a durable queue, in order.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "protocol/time.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

struct OutboxItem {
    std::int64_t number = 0;
    std::string key;
    std::string bytes;
    Timestamp queued_at;
};

struct OutboxFigures {
    std::uint64_t queued = 0;
    std::uint64_t bytes = 0;
    std::optional<Timestamp> oldest;
    // Everything that was queued up to then has left; none: nothing ever has.
    std::optional<Timestamp> attested;
};

// Invariants: objects leave in the order in which they were queued, so a manifest never stands in
// the store before what it names; a key is queued once.
class Outbox {
  public:
    // Uses `database` in the thread that calls; it must outlive this.
    explicit Outbox(Database& database);

    // Inside the caller's transaction: queued when that is committed. Queueing the same object
    // again changes nothing; other bytes under a queued key are Error(chain_broken).
    void enqueue(const std::string& key, std::string_view bytes, Timestamp now);
    // The oldest; none when everything is in the store.
    [[nodiscard]] std::optional<OutboxItem> next();
    // It is in the store: forget it. Durable when it returns.
    void done(const OutboxItem& item);
    [[nodiscard]] OutboxFigures figures();
    // The keys of all that waits.
    [[nodiscard]] std::set<std::string> keys();

  private:
    Database& database_;
};

}  // namespace farshore::storage
