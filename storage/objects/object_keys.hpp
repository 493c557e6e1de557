#pragma once
// Every key of the store, made and parsed in this one place: parse_key(make_key(x)) == x.
//
//   epochs/STREAM/E.json                          manifests/STREAM/E/AGENT/N.json
//   receipts/STREAM/E/AGENT/N.json                changes/STREAM/E/AGENT/N-TREE.jsonl.zst
//   checkpoints/STREAM/E/AGENT/N-TREE.jsonl.zst   failovers/STREAM/E.json
//
// E has eight digits and N twelve, so the order of the bytes is the order of the numbers.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/identifiers.hpp"

namespace farshore::storage {

struct EpochKey {
    StreamName stream;
    Epoch epoch;
    auto operator<=>(const EpochKey&) const = default;
};

// The failover record of the promotion that opened `epoch`.
struct FailoverKey {
    StreamName stream;
    Epoch epoch;
    auto operator<=>(const FailoverKey&) const = default;
};

// What one agent wrote within one epoch.
struct ChainKey {
    StreamName stream;
    Epoch epoch;
    AgentName agent;
    auto operator<=>(const ChainKey&) const = default;
};

struct ManifestKey {
    ChainKey chain;
    Sequence sequence;
    auto operator<=>(const ManifestKey&) const = default;
};

struct ReceiptKey {
    ChainKey chain;
    Sequence sequence;
    auto operator<=>(const ReceiptKey&) const = default;
};

// What changed in a tree over the marks of manifest `sequence`.
struct ChangesKey {
    ChainKey chain;
    Sequence sequence;
    SourceName tree;
    auto operator<=>(const ChangesKey&) const = default;
};

// The whole listing of a tree as of the last mark of manifest `sequence`.
struct CheckpointKey {
    ChainKey chain;
    Sequence sequence;
    SourceName tree;
    auto operator<=>(const CheckpointKey&) const = default;
};

using ObjectKey =
    std::variant<EpochKey, FailoverKey, ManifestKey, ReceiptKey, ChangesKey, CheckpointKey>;

// Throws Error(internal) for a number that is 0 or has too many digits.
[[nodiscard]] std::string make_key(const ObjectKey& key);

// nullopt: not a key of ours (somebody else's object, or one of a later version).
[[nodiscard]] std::optional<ObjectKey> parse_key(std::string_view text);

// For ObjectStore::list(): exactly the keys of that kind begin with these.
[[nodiscard]] std::string epochs_prefix(const StreamName& stream);
[[nodiscard]] std::string failovers_prefix(const StreamName& stream);
[[nodiscard]] std::string manifests_prefix(const ChainKey& chain);
[[nodiscard]] std::string receipts_prefix(const ChainKey& chain);
[[nodiscard]] std::string changes_prefix(const ChainKey& chain);
[[nodiscard]] std::string checkpoints_prefix(const ChainKey& chain);
// All agents of an epoch: who wrote manifests or receipts in it is found by listing.
[[nodiscard]] std::string manifests_prefix(const StreamName& stream, Epoch epoch);
[[nodiscard]] std::string receipts_prefix(const StreamName& stream, Epoch epoch);

}  // namespace farshore::storage
