#pragma once
// A secondary's chain of receipts: gathers what was received and applied, makes and queues each.

#include <optional>
#include <string>

#include "protocol/envelope.hpp"
#include "protocol/receipt.hpp"
#include "storage/evidence/chain_standing.hpp"
#include "storage/evidence/outbox.hpp"

namespace farshore::storage {

// Invariants: what was added is durable until the receipt that says it is queued; sequence and
// previous are committed together with the queued receipt; each mark is said received once and
// applied once at most, in the order of the numbers.
class ReceiptWriter {
  public:
    // Marks of one receipt, so that one after a long time without a store has a bound.
    static constexpr std::size_t greatest_marks = 5'000;
    static constexpr std::size_t greatest_mark_bytes = 32 * limits::mib;

    ReceiptWriter(Database& database, StreamName stream, AgentName agent, SigningKey key);

    // The next receipts belong to `epoch`, whose record's payload has this digest. Says it again
    // after each start. What was gathered in an epoch before must be written first.
    void begin_epoch(Epoch epoch, const Digest& record);
    [[nodiscard]] std::optional<ChainStanding> standing();

    // Inside the caller's transaction, the one that makes it true. `envelope` is the mark itself.
    // Adding a mark again changes nothing.
    void add_received(const ReceivedMark& mark, std::string_view envelope);
    void add_applied(const AppliedMark& mark);

    // Queues a receipt about what was gathered; nullopt when that is nothing. When there is more
    // than one receipt holds, the rest waits for the next call. Durable when it returns.
    std::optional<Sequence> write(const AgentName& primary, std::optional<Duration> offset,
                                  std::optional<Duration> offset_error, Timestamp now);

  private:
    void take_received(Receipt& receipt);
    void take_applied(Receipt& receipt, MarkNumber received);
    void forget(const Receipt& receipt);

    Database& database_;
    Outbox outbox_;
    StreamName stream_;
    AgentName agent_;
    SigningKey key_;
};

}  // namespace farshore::storage
