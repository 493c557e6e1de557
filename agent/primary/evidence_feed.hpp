#pragma once
// The evidence travels with the stream too: what this agent has published goes to a secondary,
// which keeps it, so that a lost region takes none of it away.

#include <functional>
#include <string>
#include <string_view>

#include "agent/runtime/stop_token.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "storage/objects/object_keys.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::primary {

// What a secondary answers when it is asked for the last manifest that it has. Throws malformed.
[[nodiscard]] Sequence parse_held(std::string_view answer);

// Invariants: what a manifest names is sent before it; manifests are sent in their order.
class EvidenceFeed {
  public:
    using Send = std::function<void(const std::string& key, const std::string& bytes)>;
    // `kept`: this agent's own copy of what it published.
    EvidenceFeed(storage::ObjectStore& kept, storage::ChainKey chain, Send send);

    // Blocks until stop, or throws what sending throws. `held`: the last manifest that the
    // secondary has, 0 for none.
    void run(Sequence held, const runtime::StopToken& stop);

  private:
    // False: the next manifest is not published yet.
    bool send_next(Sequence next);
    void send_object(const std::string& key);

    storage::ObjectStore& kept_;
    storage::ChainKey chain_;
    Send send_;
};

}  // namespace farshore::primary
