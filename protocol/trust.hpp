#pragma once
// Whose signatures count: the keys of a stream's agents, each with the time in which it may sign.

#include <memory>
#include <mutex>
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
// several keys: one that was rotated stays listed, for what it has signed. What find() and keys()
// handed out stays as it is and where it is as long as the set lives. Thread-safe, but for add().
class TrustSet {
  public:
    TrustSet() : TrustSet(StreamName()) {}
    explicit TrustSet(StreamName stream);
    TrustSet(const TrustSet& other);
    TrustSet& operator=(const TrustSet& other) = delete;
    ~TrustSet() = default;

    // Throws Error(bad_config) when the key is listed already or its time is empty.
    void add(const TrustedKey& key);
    // From now on the keys of `other`, which is of the same stream, and no others.
    void replace(const TrustSet& other);

    [[nodiscard]] const StreamName& stream() const { return stream_; }
    // nullptr for a key that is not trusted.
    [[nodiscard]] const TrustedKey* find(std::string_view key_id) const;
    [[nodiscard]] bool has_agent(const AgentName& agent) const;
    [[nodiscard]] const std::vector<TrustedKey>& keys() const { return newest().keys; }

  private:
    struct Generation {
        std::vector<TrustedKey> keys;
        std::vector<std::string> key_ids;  // of keys, in their order
    };
    [[nodiscard]] const Generation& newest() const;

    StreamName stream_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Generation>> generations_;  // never empty
};

}  // namespace farshore
