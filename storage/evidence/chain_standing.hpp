#pragma once
// Where an agent's own chain stands: the state behind ManifestWriter and ReceiptWriter.

#include <optional>
#include <string_view>

#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

struct ChainStanding {
    Epoch epoch;
    Sequence sequence;  // of the newest object; 0: none in this epoch yet
    Digest previous;    // of its payload, or the epoch record's
    MarkNumber last_mark;
    CutNumber last_cut;  // the cut of last_mark; manifests only
};

enum class ChainKind : std::uint8_t { manifests, receipts };

// nullopt before the first epoch.
[[nodiscard]] std::optional<ChainStanding> read_standing(Database& database, ChainKind kind);
// Inside the caller's transaction.
void write_standing(Database& database, ChainKind kind, const ChainStanding& standing);
// The chain of a new epoch begins with its record. False when it had begun before: nothing is
// changed then. Throws Error(fenced) for an epoch before the one that it is in, and
// Error(chain_broken) when the same epoch had begun with another record and nothing was written
// yet. Inside the caller's transaction.
bool begin_chain(Database& database, ChainKind kind, Epoch epoch, const Digest& record);

}  // namespace farshore::storage
