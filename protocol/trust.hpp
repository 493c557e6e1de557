#pragma once
// Whose signatures count: the keys of a stream's agents, each with the time in which it may sign.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/signing.hpp"
#include "protocol/time.hpp"

namespace farshore {

struct TrustedKey {
    AgentName agent;
    PublicKey key;
    std::optional<Timestamp> valid_from;   // the first moment in which it may sign
    std::optional<Timestamp> valid_until;  // the first moment in which it may not any more

    [[nodiscard]] bool is_valid_at(Timestamp time) const;
};

// Invariants: no key is listed twice, so a signature names exactly one agent. An agent may have
// several keys: one that was rotated stays listed, for what it has signed.
class TrustSet {
  public:
    TrustSet() = default;
    explicit TrustSet(StreamName stream) : stream_(std::move(stream)) {}

    // Throws Error(bad_config) when the key is listed already or its time is empty.
    void add(const TrustedKey& key);

    [[nodiscard]] const StreamName& stream() const { return stream_; }
    // nullptr for a key that is not trusted.
    [[nodiscard]] const TrustedKey* find(std::string_view key_id) const;
    [[nodiscard]] bool has_agent(const AgentName& agent) const;
    [[nodiscard]] const std::vector<TrustedKey>& keys() const { return keys_; }

  private:
    StreamName stream_;
    std::vector<TrustedKey> keys_;
    std::vector<std::string> key_ids_;  // of keys_, in their order
};

}  // namespace farshore
